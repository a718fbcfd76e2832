"""Settings: what the environment says. Made when asked for, never at import.

Two variables are read elsewhere, too: ``DAGSTER_HOME``, which `session.py` sets for Dagster and for
our own processes, and ``FANTASY_DEBUG``, by which `cli/program.py` shows its own defects.
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
"""Every output made of sample data carries these words."""


def default_home() -> Path:
    """Where Dagster's storage and the data live when nothing says otherwise.

    ``DAGSTER_HOME`` if set; else the nearest folder upwards with this project's ``dagster.yaml``;
    else ``~/.fantasy_pipeline``.
    """
    if home := os.environ.get("DAGSTER_HOME"):
        return Path(home).expanduser().absolute()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "dagster.yaml").is_file():
            return folder
    return Path.home() / ".fantasy_pipeline"


class Settings(BaseSettings):
    """Settings from the environment, each as ``FANTASY_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="FANTASY_", env_ignore_empty=True, extra="ignore")

    source: SourceName = Field("auto", description="Where data come from, unless a run says so")
    data: str = Field(
        default_factory=lambda: str(default_home() / "data"),
        description="Folder or fsspec URL of the lake; cache and sample league lie beside it",
    )
    cache: Path | None = Field(None, description="Folder of downloads; default: <home>/data/cache")
    mirror: str | None = Field(
        None,
        validation_alias="NFLVERSE_MIRROR",
        description="Folder or base URL laid out by host and path, instead of the live hosts",
    )
    download_timeout: float = Field(
        300, gt=0, description="Seconds that one file may take, all attempts together"
    )
    offline: bool = Field(False, description="Read downloads already cached, ask nobody")
    projection_sources: str = Field(
        "all",
        description="Whose projections to ask for, with commas between: nflcom, sleeper, "
        "fantasypros, espn",
    )

    def lake_root(self, source: SourceName) -> str:
        """Root of the lake for a source: sample data have a lake of their own."""
        return f"{self.data.rstrip('/')}/{'sample' if source == 'sample' else 'lake'}"

    @property
    def cache_dir(self) -> Path:
        return self.cache or default_home() / "data" / "cache"


class AlertSettings(BaseSettings):
    """Where alerts go, each from ``FANTASY_ALERT_<NAME>``; a channel not set is not used."""

    model_config = SettingsConfigDict(
        env_prefix="FANTASY_ALERT_", env_ignore_empty=True, extra="ignore"
    )

    slack_url: SecretStr | None = Field(None, description="Slack incoming webhook")
    webhook_url: SecretStr | None = Field(None, description="Any webhook; takes JSON")
    smtp_host: str = Field("", description="Mail server; with smtp_to, alerts go by e-mail")
    smtp_port: int = Field(587, description="Port of the mail server")
    smtp_tls: Literal["auto", "starttls", "implicit", "off"] = Field(
        "auto",
        description="auto: implicit on port 465, off to this machine, starttls elsewhere; off is "
        "refused to any other machine",
    )
    smtp_user: str = Field("", description="Login, if the server wants one")
    smtp_password: SecretStr | None = Field(None, description="Its password")
    smtp_from: str = Field("fantasy-pipeline@localhost", description="Sender")
    smtp_to: str = Field("", description="Recipients, with commas between")
    ui_url: str = Field("", description="Dagster UI, for links to runs and reports")

    def run_url(self) -> str:
        """Where the Dagster UI shows runs, to be followed by an id; empty: not known."""
        return f"{self.ui_url.rstrip('/')}/runs/" if self.ui_url else ""


class ApiSettings(BaseSettings):
    """The HTTP interface, each from ``FANTASY_API_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix="FANTASY_API_", env_ignore_empty=True, extra="ignore"
    )

    token: SecretStr | None = Field(None, description="Bearer token that the POST needs")


def read_alert_settings() -> tuple[AlertSettings, Mapping[str, str]]:
    """The settings; a bad one has its default, and is named with what is wrong.

    Never raises: an alert must not be lost because a port is not a number.
    """
    try:
        return AlertSettings(), {}
    except ValidationError as error:
        # The message only: what was given may be a password in the wrong place.
        bad = {str(found["loc"][0]): found["msg"] for found in error.errors()}
    defaults: dict[str, Any] = {name: AlertSettings.model_fields[name].default for name in bad}
    told = {name: f"FANTASY_ALERT_{name.upper()}: {message}" for name, message in bad.items()}
    return AlertSettings(**defaults), told


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
