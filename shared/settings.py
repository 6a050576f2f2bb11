"""Settings: read once, from environment variables `SHELFWISE_*`, typed, refused when unsafe."""

import math
from collections import Counter
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.errors import ConfigurationError
from shared.hosts import TrustedHosts, hosts_in, is_every_address, trusted
from shared.outgoing.rules import OutgoingRules, networks_in, ports_in
from shared.webhooks.schedule import DELAYS, delays_in

MIB = 2**20
SECRET_BYTES = 32
_REDIS_URLS = ("redis://", "rediss://", "redis+socket://", "sentinel://")
_WELL_KNOWN_SECRETS = ("secret", "changeme", "change-me", "change_me", "your-secret", "example", "password", "default")


class Settings(BaseSettings):
    """Every setting of the service with its default; docs/04-settings.md lists them for people."""

    model_config = SettingsConfigDict(env_prefix="SHELFWISE_", env_ignore_empty=True, extra="ignore", frozen=True)

    data_dir: Path = Path("var")
    database_url: str = ""
    broker_url: str = ""
    store_url: str = ""
    secret_key: SecretStr | None = None
    admin_password: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    flower_port: int = Field(default=5555, ge=0, le=65535)
    metrics_port: int = Field(default=9810, ge=0, le=65535)
    metrics_host: str = "127.0.0.1"
    metrics_token: SecretStr | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    predictor: str = "worker.keras_predictor:KerasPredictor"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    model_workers: int = Field(default=1, ge=1, le=64)

    lease_seconds: float = Field(default=30.0, ge=0.5, le=3600)
    sweep_seconds: float = Field(default=5.0, ge=0.1, le=600)
    stall_seconds: float = Field(default=60.0, ge=1, le=3600)
    job_deadline_seconds: int = Field(default=7 * 86_400, ge=60)
    retention_days: float = Field(default=30.0, gt=0, le=36_500)

    access_token_seconds: int = Field(default=15 * 60, ge=60, le=86_400)
    refresh_token_seconds: int = Field(default=30 * 86_400, ge=60)
    sign_in_failures: int = Field(default=10, ge=1)
    sign_in_failures_per_address: int = Field(default=100, ge=1)
    sign_in_window_seconds: int = Field(default=15 * 60, ge=1)
    allowed_hosts: str = ""
    trusted_proxies: str = ""

    quota_requests_per_minute: int = Field(default=30_000, ge=1)
    quota_rows_per_day: int = Field(default=5_000_000, ge=1)
    quota_stored_bytes: int = Field(default=50 * 1024 * MIB, ge=1)

    allowed_networks: str = ""
    allow_http: bool = False
    allowed_ports: str = "443"

    webhook_delays: str = ",".join(f"{delay:g}" for delay in DELAYS)
    webhook_timeout_seconds: float = Field(default=15.0, ge=0.1, le=60)

    max_json_bytes: int = Field(default=16 * MIB, ge=1024)
    max_image_bytes: int = Field(default=200 * MIB, ge=1024)
    max_catalogue_bytes: int = Field(default=2048 * MIB, ge=1024)
    max_unpacked_bytes: int = Field(default=8192 * MIB, ge=1024)
    max_catalogue_rows: int = Field(default=5_000_000, ge=1)
    max_catalogue_columns: int = Field(default=1_000, ge=1)
    max_designation_characters: int = Field(default=1_000, ge=1)
    max_description_characters: int = Field(default=100_000, ge=1)
    disk_reserve_bytes: int = Field(default=512 * MIB, ge=0)

    @field_validator("secret_key", "metrics_token")
    @classmethod
    def _refuse_weak_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            refuse_weak_secret(secret.get_secret_value())
        return secret

    @model_validator(mode="after")
    def _stall_outlives_lease(self) -> Self:
        if self.stall_seconds < self.lease_seconds:
            raise ValueError("SHELFWISE_STALL_SECONDS must not be below SHELFWISE_LEASE_SECONDS")
        return self

    @model_validator(mode="after")
    def _one_port_each(self) -> Self:
        if self.flower_port == self.port:
            raise ValueError("SHELFWISE_FLOWER_PORT must be another port than SHELFWISE_PORT, or 0")
        return self

    @field_validator("broker_url")
    @classmethod
    def _is_a_redis(cls, url: str) -> str:
        if url and not url.startswith(_REDIS_URLS):
            raise ValueError(f"it must begin with {', '.join(_REDIS_URLS)}")
        return url

    @field_validator("allowed_networks", "trusted_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks_in(text)
        return text

    @field_validator("allowed_ports")
    @classmethod
    def _are_ports(cls, text: str) -> str:
        ports_in(text)
        return text

    @field_validator("webhook_delays")
    @classmethod
    def _are_delays(cls, text: str) -> str:
        delays_in(text)
        return text

    @property
    def webhook_schedule(self) -> tuple[float, ...]:
        """The seconds from each try of a webhook's delivery to the next."""
        return delays_in(self.webhook_delays)

    @property
    def outgoing_rules(self) -> OutgoingRules:
        """Where requests may go whose addresses come from outside."""
        return OutgoingRules(networks_in(self.allowed_networks), self.allow_http, ports_in(self.allowed_ports))

    @field_validator("allowed_hosts")
    @classmethod
    def _are_hosts(cls, text: str) -> str:
        hosts_in(text)
        return text

    @property
    def trusted_hosts(self) -> TrustedHosts:
        """The names under which the API is reached. Raises ConfigurationError when they cannot be known."""
        if is_every_address(self.host) and not self.allowed_hosts:
            raise ConfigurationError(
                "SHELFWISE_ALLOWED_HOSTS is not set, and SHELFWISE_HOST is every address of this machine: name the "
                "hosts under which the API is reached, like `api.example.com,192.0.2.7` (`*` for any)."
            )
        return trusted(self.host, hosts_in(self.allowed_hosts))

    @property
    def database(self) -> str:
        """The database's URL; a SQLite file in the data folder unless set."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'shelfwise.db'}"

    @property
    def store(self) -> str:
        """The object store's URL; a folder in the data folder unless set."""
        return self.store_url or (self.data_dir.resolve() / "store").as_uri()

    @property
    def broker(self) -> str:
        """The broker's URL. Raises ConfigurationError when it is not set."""
        if not self.broker_url:
            raise ConfigurationError("SHELFWISE_BROKER_URL is not set: name the Redis that carries the wake-ups.")
        return self.broker_url

    @property
    def signing_key(self) -> str:
        """The key that signs access tokens. Raises ConfigurationError when it is not set."""
        if self.secret_key is None:
            raise ConfigurationError(
                "SHELFWISE_SECRET_KEY is not set: make one with "
                '`python3 -c "import secrets; print(secrets.token_urlsafe(48))"` and keep it.'
            )
        return self.secret_key.get_secret_value()


def refuse_weak_secret(secret: str) -> None:
    """Raise ValueError unless `secret` looks like 32 random bytes or more.

    Length alone lets `aaaa…` pass, so the content is estimated too: Shannon's entropy of the characters'
    frequencies times the length, which for 32 random bytes is at least 128 bits in every usual encoding.
    """
    size = len(secret.encode())
    if size < SECRET_BYTES:
        raise ValueError(f"it has {size} bytes and needs at least {SECRET_BYTES} random ones")
    if any(word in secret.lower() for word in _WELL_KNOWN_SECRETS):
        raise ValueError("it contains a well-known word and must be random")
    counts = Counter(secret)
    bits = -sum(count * math.log2(count / len(secret)) for count in counts.values())
    if bits < 96:
        raise ValueError("it repeats itself too much to be random")


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment, with `overrides` on top.

    Raises ConfigurationError with one sentence per wrong setting, never showing its value.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values
    except ValidationError as error:
        reasons = []
        for problem in error.errors():
            name = f"SHELFWISE_{str(problem['loc'][0]).upper()}: " if problem["loc"] else ""
            reasons.append(f"{name}{problem['msg'].removeprefix('Value error, ')}")
        raise ConfigurationError(". ".join(reasons) + ".") from None
