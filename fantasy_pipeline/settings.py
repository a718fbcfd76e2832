"""Settings from environment variables. They are read when a function asks for them, not at import.

Two variables are also read elsewhere: `operations/session.py` sets ``DAGSTER_HOME`` for Dagster and
for the processes that it starts; with ``FANTASY_DEBUG`` set, `cli/program.py` shows tracebacks.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

SourceName = Literal["auto", "nfl_data_py", "nflreadpy", "sample"]
SOURCES: tuple[SourceName, ...] = ("auto", "nfl_data_py", "nflreadpy", "sample")
SAMPLE_LABEL = "synthetic sample league"
"""Label of every output that is made from sample data."""


def default_home() -> Path:
    """Return the default folder of Dagster's storage and the data.

    It is ``DAGSTER_HOME`` if that is set; otherwise the nearest folder upwards with a
    ``dagster.yaml``; otherwise ``~/.fantasy_pipeline``.
    """
    if home := os.environ.get("DAGSTER_HOME"):
        return Path(home).expanduser().absolute()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "dagster.yaml").is_file():
            return folder
    return Path.home() / ".fantasy_pipeline"


class Settings(BaseSettings):
    """Settings of the pipeline, each from ``FANTASY_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="FANTASY_", env_ignore_empty=True, extra="ignore")

    source: SourceName = Field("auto", description="Source of the data; a run may choose another")
    data: str = Field(
        default_factory=lambda: str(default_home() / "data"),
        description="Folder or fsspec URL under which the lake and the sample league are stored",
    )
    cache: Path | None = Field(
        None, description="Folder of downloaded files; default: <home>/data/cache"
    )
    mirror: str | None = Field(
        None,
        validation_alias="NFLVERSE_MIRROR",
        description="Folder or base URL that replaces the live hosts, laid out by host and path",
    )
    download_timeout: float = Field(
        300, gt=0, description="Longest time for one file, all attempts together, in seconds"
    )
    offline: bool = Field(False, description="Use cached downloads only; make no network requests")
    projection_sources: str = Field(
        "all",
        description="Sources of projections to download, separated by commas: nflcom, sleeper, "
        "fantasypros, espn; or all",
    )

    def lake_root(self, source: SourceName) -> str:
        """Return the root of the lake of a source; sample data have a separate lake."""
        return f"{self.data.rstrip('/')}/{'sample' if source == 'sample' else 'lake'}"

    @property
    def cache_dir(self) -> Path:
        return self.cache or default_home() / "data" / "cache"


class AlertSettings(BaseSettings):
    """Channels of alerts, each from ``FANTASY_ALERT_<NAME>``; a channel that is not set is off."""

    model_config = SettingsConfigDict(
        env_prefix="FANTASY_ALERT_", env_ignore_empty=True, extra="ignore"
    )

    slack_url: SecretStr | None = Field(None, description="Slack incoming webhook")
    webhook_url: SecretStr | None = Field(None, description="Any other webhook; receives JSON")
    smtp_host: str = Field(
        "", description="Mail server; set it and smtp_to to get alerts by e-mail"
    )
    smtp_port: int = Field(587, description="Port of the mail server")
    smtp_tls: Literal["auto", "starttls", "implicit", "off"] = Field(
        "auto",
        description="auto: implicit on port 465, off for a server on this machine, else starttls. "
        "off is an error for a server on another machine",
    )
    smtp_user: str = Field("", description="User name, if the server requires a login")
    smtp_password: SecretStr | None = Field(None, description="Password of the user")
    smtp_from: str = Field("fantasy-pipeline@localhost", description="Sender")
    smtp_to: str = Field("", description="Recipients, separated by commas")
    ui_url: str = Field("", description="Address of the Dagster UI, for links to runs and reports")

    def run_url(self) -> str:
        """Return the URL prefix of a run in the Dagster UI; empty if `ui_url` is not set."""
        return f"{self.ui_url.rstrip('/')}/runs/" if self.ui_url else ""


class ApiSettings(BaseSettings):
    """Settings of the HTTP interface, each from ``FANTASY_API_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix="FANTASY_API_", env_ignore_empty=True, extra="ignore"
    )

    token: SecretStr | None = Field(None, description="Bearer token that POST requests must send")


def read_alert_settings() -> tuple[AlertSettings, Mapping[str, str]]:
    """Return the alert settings, and the errors of invalid variables by setting name.

    An invalid setting gets its default. The function never raises: an alert must not be lost
    because a port is not a number.
    """
    try:
        return AlertSettings(), {}
    except ValidationError as error:
        # The message only, not the value: it may be a password in the wrong variable.
        messages = {str(found["loc"][0]): found["msg"] for found in error.errors()}
    defaults: dict[str, Any] = {name: AlertSettings.model_fields[name].default for name in messages}
    errors = {name: f"FANTASY_ALERT_{name.upper()}: {text}" for name, text in messages.items()}
    return AlertSettings(**defaults), errors


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
