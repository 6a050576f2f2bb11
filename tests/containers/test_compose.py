"""The compose file: what it asks for, what it shows to whom, and how much each service may take."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
VARIABLES = re.findall(r"(?<!\$)\$\{(\w+)(:\?|:-)?([^}]*)\}", TEXT)
ONE_SHOTS = {"migrate", "train"}
WRITES_ITS_ROOT = {"airflow"}


def environment(service: str) -> dict[str, str]:
    return SERVICES[service].get("environment") or {}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> Any:
    return SERVICES[request.param] | {"name": request.param}


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable[0])
def test_a_variable_has_a_default_or_is_required_with_a_sentence(variable: tuple[str, str, str]) -> None:
    name, kind, text = variable

    assert kind in (":?", ":-")
    assert kind == ":-" or text.startswith(f"set {name} in .env")


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable[0])
def test_a_secret_has_no_default(variable: tuple[str, str, str]) -> None:
    name, kind, _ = variable

    assert kind == ":?" or not re.search("PASSWORD|SECRET|KEY|TOKEN", name)


def test_no_secret_is_written_into_the_file() -> None:
    named = [
        (service, name, value)
        for service in SERVICES
        for name, value in environment(service).items()
        if re.search("PASSWORD|SECRET|KEY|TOKEN|AUTH|BROKER", name)
    ]

    assert named
    assert [(service, name) for service, name, value in named if ":?" not in value] == []


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("SHELFWISE_ADMIN_PASSWORD", {"migrate"}),
        ("SHELFWISE_SECRET_KEY", {"api"}),
        ("SHELFWISE_METRICS_TOKEN", {"api", "worker-io", "worker-model", "worker-model-gpu"}),
        ("FLOWER_BASIC_AUTH", {"flower"}),
        ("POSTGRES_PASSWORD", {"postgres"}),
    ],
)
def test_a_secret_is_told_to_whom_it_concerns(name: str, who: set[str]) -> None:
    assert {service for service in SERVICES if name in environment(service)} == who


def test_what_is_published_is_published_on_loopback(service: Any) -> None:
    assert [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", ["redis", "postgres", "worker-io", "worker-model", "migrate"])
def test_what_only_the_service_talks_to_is_not_published(name: str) -> None:
    assert "ports" not in SERVICES[name]


def test_a_service_has_no_rights_beyond_its_user(service: Any) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service
    assert service.get("user") != "root"


def test_a_service_writes_to_volumes_and_memory_only(service: Any) -> None:
    assert service["read_only"] is (service["name"] not in WRITES_ITS_ROOT)
    assert [mount for mount in service["tmpfs"] if "size=" not in mount] == []
    sources = [volume.split(":")[0] for volume in service.get("volumes", [])]
    assert [source for source in sources if source not in COMPOSE["volumes"] and not source.startswith("${")] == []


def test_a_service_is_bounded_in_memory_processes_and_log(service: Any) -> None:
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
    assert service["pids_limit"] > 0
    assert {"max-size", "max-file"} == set(service["logging"]["options"])


def test_a_service_is_started_again_unless_it_is_to_end(service: Any) -> None:
    ends = service["name"] in ONE_SHOTS

    assert service["restart"] == ("no" if ends else "unless-stopped")
    assert ends is bool(service.get("healthcheck", {}).get("disable"))


def test_a_service_that_stays_is_checked(service: Any) -> None:
    file = service.get("build", {}).get("dockerfile")
    in_the_image = file is not None and "HEALTHCHECK" in (ROOT / file).read_text()

    assert in_the_image or "healthcheck" in service


@pytest.mark.parametrize("name", ["flower", "mlflow"])
def test_what_runs_from_the_workers_image_and_is_none_has_a_check_of_its_own(name: str) -> None:
    assert "worker.health" not in str(SERVICES[name]["healthcheck"]["test"])


@pytest.mark.parametrize("name", ["api", "worker-io", "worker-model", "worker-model-gpu"])
def test_a_part_starts_once_the_database_is_migrated_and_redis_answers(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }


def test_redis_wants_a_password_and_evicts_nothing() -> None:
    (*_, script) = SERVICES["redis"]["command"]

    assert "requirepass $$REDISCLI_AUTH" in script
    assert "maxmemory-policy noeviction" in script


@pytest.mark.parametrize(
    ("name", "profiles"),
    [
        ("postgres", ["scale"]),
        ("worker-model-gpu", ["gpu"]),
        ("mlflow", ["training", "train"]),
        ("train", ["train"]),
        ("airflow", ["airflow"]),
    ],
)
def test_what_not_everybody_needs_waits_for_its_profile(name: str, profiles: list[str]) -> None:
    assert SERVICES[name]["profiles"] == profiles


def test_the_tracking_server_is_reached_by_training_alone() -> None:
    assert {name for name in SERVICES if "tracking" in SERVICES[name].get("networks", [])} == {"mlflow", "train"}


def test_an_image_is_built_of_a_file_that_is_there(service: Any) -> None:
    assert "build" not in service or (ROOT / service["build"]["dockerfile"]).is_file()
