import secrets
from pathlib import Path

import pytest

from shared.errors import ConfigurationError
from shared.settings import load_settings


def refusal(**settings: object) -> str:
    """The sentences with which these settings are refused."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(**settings)
    assert caught.value.__suppress_context__, "the error behind it would show the value"
    return caught.value.message


@pytest.mark.parametrize(
    "secret", [secrets.token_urlsafe(32), secrets.token_hex(32), secrets.token_urlsafe(48)], ids=["32", "hex", "48"]
)
def test_32_random_bytes_are_a_secret(secret: str) -> None:
    assert load_settings(secret_key=secret).signing_key == secret


@pytest.mark.parametrize("secret", ["", "x", secrets.token_urlsafe(23)], ids=["empty", "x", "23"])
def test_a_short_secret_is_refused(secret: str) -> None:
    assert f"has {len(secret)} bytes" in refusal(secret_key=secret)


def test_a_token_for_metrics_is_held_to_the_same() -> None:
    assert "SHELFWISE_METRICS_TOKEN: it has 6 bytes" in refusal(metrics_token="sesame")
    assert load_settings(metrics_token=secrets.token_urlsafe(32)).metrics_token is not None


@pytest.mark.parametrize("secret", ["a" * 64, "ab" * 32, "0123" * 11, "é" * 16], ids=["a", "ab", "0123", "two bytes"])
def test_a_long_secret_that_repeats_itself_is_refused(secret: str) -> None:
    assert "repeats itself" in refusal(secret_key=secret)


@pytest.mark.parametrize("word", ["secret", "CHANGEME", "change-me", "Change_Me", "example", "passWord", "default"])
def test_a_secret_with_a_well_known_word_in_it_is_refused(word: str) -> None:
    assert "well-known word" in refusal(secret_key=secrets.token_urlsafe(32) + word + secrets.token_urlsafe(8))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret_key", "sesame-open"),
        ("port", "sesame-open"),
        ("port", "70707"),
        ("lease_seconds", "sesame-open"),
        ("log_level", "sesame-open"),
        ("precision", "sesame-open"),
        ("max_image_bytes", "77"),
    ],
)
def test_a_refusal_names_the_setting_and_never_shows_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"SHELFWISE_{name.upper()}", value)

    message = refusal()

    assert f"SHELFWISE_{name.upper()}: " in message
    assert value not in message


def test_every_wrong_setting_gets_its_sentence() -> None:
    message = refusal(port=0, model_workers=0)

    assert "SHELFWISE_PORT" in message
    assert "SHELFWISE_MODEL_WORKERS" in message


@pytest.mark.parametrize("name", ["lease_seconds", "sweep_seconds", "stall_seconds"])
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "0"])
def test_a_duration_is_a_finite_number_within_reason(name: str, value: str) -> None:
    assert f"SHELFWISE_{name.upper()}" in refusal(**{name: value})


def test_a_stalled_worker_must_have_lost_its_lease() -> None:
    assert "SHELFWISE_STALL_SECONDS must not be below SHELFWISE_LEASE_SECONDS" in refusal(
        stall_seconds=10, lease_seconds=11
    )
    assert load_settings(stall_seconds=11, lease_seconds=11).stall_seconds == 11


def test_a_missing_broker_is_said_when_it_is_needed() -> None:
    settings = load_settings()
    with pytest.raises(ConfigurationError, match="SHELFWISE_BROKER_URL is not set: name the Redis"):
        _ = settings.broker


def test_a_missing_secret_says_how_to_make_one() -> None:
    settings = load_settings()
    with pytest.raises(ConfigurationError, match=r"SHELFWISE_SECRET_KEY is not set: make one with .*token_urlsafe"):
        _ = settings.signing_key


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    secret = secrets.token_urlsafe(48)
    settings = load_settings(secret_key=secret, admin_password="a long phrase")

    assert secret not in repr(settings)
    assert "a long phrase" not in repr(settings)


def test_everything_is_in_the_data_folder_unless_set(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path)

    assert settings.database == f"sqlite:///{tmp_path}/shelfwise.db"
    assert settings.store == f"file://{tmp_path}/store"


def test_settings_come_from_the_environment_and_overrides_go_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELFWISE_PORT", "1234")
    monkeypatch.setenv("SHELFWISE_HOST", "::1")

    settings = load_settings(port=4321)

    assert (settings.host, settings.port) == ("::1", 4321)
