"""Settings from environment variables. They are read when a function asks for them, not at import.

Two variables are also read elsewhere: `operations/session.py` sets ``DAGSTER_HOME`` for Dagster and
for the processes that it starts; with ``FANTASY_DEBUG`` set, `cli/program.py` shows tracebacks.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SourceName = Literal["auto", "nfl_data_py", "nflreadpy", "sample"]
SOURCES: tuple[SourceName, ...] = ("auto", "nfl_data_py", "nflreadpy", "sample")
SAMPLE_LABEL = "synthetic sample league"
"""Label of every output that is made from sample data."""
PROJECTION_SOURCES = ("nflcom", "sleeper", "fantasypros", "espn")
"""Names of the sources of projections; the first is the yardstick of the others."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_NAME, _LONGEST_PATH = 255, 3500
"""Bytes of a folder's name, and of a path. Linux allows 255 and 4095; the files below the folder
need the rest."""


class _Environment(BaseSettings):
    """Settings from environment variables, without values that no user means.

    Raises:
        ValidationError: `invalid_settings` names the variable.
    """

    @field_validator("*", mode="before")
    @classmethod
    def _is_printable(cls, value: object) -> object:
        """Refuse control characters, e.g. the carriage return of a file with Windows line ends."""
        if isinstance(value, str) and (control := _CONTROL.search(value)):
            raise ValueError(f"the value has the control character {control[0]!r}")
        return value


def _usable_path(value: str) -> str:
    """Return a folder's path if files can be made below it; a URL is returned as it is."""
    if "://" in value and not value.startswith("file:"):
        return value
    for part in Path(value).parts:
        if (size := len(os.fsencode(part))) > _LONGEST_NAME:
            raise ValueError(
                f"a name in the path has {size} bytes; file systems allow {_LONGEST_NAME}"
            )
    if (size := len(os.fsencode(value))) > _LONGEST_PATH:
        raise ValueError(f"the path has {size} bytes; at most {_LONGEST_PATH} are possible")
    return value


def _whole_address(value: str) -> str:
    """Refuse ``s3:/bucket``, which would be a folder named ``s3:``."""
    if re.match(r"(?!file:)\w\w+:(?!//)", value):
        raise ValueError("an address needs '://', e.g. s3://bucket/folder")
    return value


def _mirror(value: str) -> str:
    """Refuse an address that nothing can be downloaded from."""
    if "://" in _whole_address(value) and not value.startswith(("http://", "https://")):
        raise ValueError("the value is neither a folder nor an address with http:// or https://")
    return value


def _web_address(value: str) -> str:
    # The default, which `read_alert_settings` states, is empty.
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("the address must start with http:// or https://")
    return value


def _projection_sources(value: str) -> str:
    """Refuse a name that is not in `PROJECTION_SOURCES`."""
    names = names_in(value)
    if names != ["all"] and (unknown := sorted(set(names) - set(PROJECTION_SOURCES))):
        allowed = ", ".join(PROJECTION_SOURCES)
        raise ValueError(f"{', '.join(unknown)} is none of {allowed}; or use all alone")
    return value


_HOST = re.compile(r"(\*\.[\w-]+\.)?[\w.-]+|\[[0-9a-fA-F:.]+\]")
"""A name or an address, also of IPv6; or all names below a name of two parts and more."""


def _hosts(value: str) -> str:
    """Refuse names that switch the check of the Host header off, or that no request has."""
    for name in names_in(value):
        if "*" in name and not _HOST.fullmatch(name):
            raise ValueError(
                f"{name} would admit pages of strangers; name the hosts, or use *.example.org for "
                "all names below a name of your own"
            )
        if not _HOST.fullmatch(name):
            raise ValueError(f"{name} is no name of a host, which has neither http:// nor a port")
    return value


def names_in(value: str) -> list[str]:
    """Return the names of a comma-separated setting in lower case, without empty ones."""
    return [name.strip().lower() for name in value.split(",") if name.strip()]


def _usable_folder(value: Path) -> Path:
    return Path(_usable_path(str(value)))


def _no_pattern(path: str) -> str:
    """Refuse what Dagster reads as a pattern of names, or as the end of a database's path."""
    if found := [character for character in "?[*" if character in path]:
        raise ValueError(f"the path has the character {found[0]!r}, which Dagster cannot read")
    return path


class _Home(_Environment):
    """The variable that Dagster reads as well."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    home: Annotated[str, AfterValidator(_usable_path), AfterValidator(_no_pattern)] = Field(
        "", validation_alias="DAGSTER_HOME"
    )


def default_home() -> Path:
    """Return the default folder of Dagster's storage and the data.

    It is ``DAGSTER_HOME`` if that is set; otherwise the nearest folder upwards with a
    ``dagster.yaml``; otherwise ``~/.fantasy_pipeline``.

    Raises:
        ValidationError: ``DAGSTER_HOME`` cannot be a folder.
    """
    if home := _Home().home:
        return Path(home).expanduser().absolute()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / "dagster.yaml").is_file():
            return folder
    return Path.home() / ".fantasy_pipeline"


class Settings(_Environment):
    """Settings of the pipeline, each from ``FANTASY_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="FANTASY_", env_ignore_empty=True, extra="ignore")

    source: SourceName = Field("auto", description="Source of the data; a run may choose another")
    data: Annotated[str, AfterValidator(_usable_path), AfterValidator(_whole_address)] = Field(
        default_factory=lambda: str(default_home() / "data"),
        description="Folder or fsspec URL under which the lake and the sample league are stored",
    )
    cache: Annotated[Path, AfterValidator(_usable_folder)] | None = Field(
        None, description="Folder of downloaded files; default: <home>/data/cache"
    )
    mirror: Annotated[str, AfterValidator(_mirror)] | None = Field(
        None,
        validation_alias="NFLVERSE_MIRROR",
        description="Folder or base URL that replaces the live hosts, laid out by host and path",
    )
    download_timeout: float = Field(
        300,
        gt=0,
        allow_inf_nan=False,
        description="Longest time for one file, all attempts together, in seconds",
    )
    offline: bool = Field(False, description="Use cached downloads only; make no network requests")
    projection_sources: Annotated[str, AfterValidator(_projection_sources)] = Field(
        "all",
        description="Sources of projections to download, separated by commas: nflcom, sleeper, "
        "fantasypros, espn; or all",
    )

    espn_s2: SecretStr | None = Field(
        None, description="Cookie espn_s2 of a login at ESPN, for private leagues"
    )
    espn_swid: SecretStr | None = Field(
        None, description="Cookie SWID of a login at ESPN, for private leagues"
    )

    def lake_root(self, source: SourceName) -> str:
        """Return the root of the lake of a source; sample data have a separate lake."""
        return f"{self.data.rstrip('/')}/{'sample' if source == 'sample' else 'lake'}"

    @property
    def cache_dir(self) -> Path:
        return self.cache or default_home() / "data" / "cache"


class AlertSettings(_Environment):
    """Channels of alerts, each from ``FANTASY_ALERT_<NAME>``; a channel that is not set is off."""

    model_config = SettingsConfigDict(
        env_prefix="FANTASY_ALERT_", env_ignore_empty=True, extra="ignore"
    )

    slack_url: SecretStr | None = Field(None, description="Slack incoming webhook")
    webhook_url: SecretStr | None = Field(None, description="Any other webhook; receives JSON")
    smtp_host: str = Field(
        "", description="Mail server; set it and smtp_to to get alerts by e-mail"
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server")
    smtp_tls: Literal["auto", "starttls", "implicit", "off"] = Field(
        "auto",
        description="auto: implicit on port 465, off for a server on this machine, else starttls. "
        "off is an error for a server on another machine",
    )
    smtp_user: str = Field("", description="User name, if the server requires a login")
    smtp_password: SecretStr | None = Field(None, description="Password of the user")
    smtp_from: str = Field("fantasy-pipeline@localhost", description="Sender")
    smtp_to: str = Field("", description="Recipients, separated by commas")
    ui_url: Annotated[str, AfterValidator(_web_address)] = Field(
        "", description="Address of the Dagster UI, for links to runs and reports"
    )

    def run_url(self) -> str:
        """Return the URL prefix of a run in the Dagster UI; empty if `ui_url` is not set."""
        return f"{self.ui_url.rstrip('/')}/runs/" if self.ui_url else ""


class ApiSettings(_Environment):
    """Settings of the HTTP interface, each from ``FANTASY_API_<NAME>``."""

    model_config = SettingsConfigDict(
        env_prefix="FANTASY_API_", env_ignore_empty=True, extra="ignore"
    )

    token: SecretStr | None = Field(None, description="Bearer token that POST requests must send")
    hosts: Annotated[str, AfterValidator(_hosts)] = Field(
        "",
        description="Further names under which the server is reached, separated by commas, e.g. "
        "nfl.example.org or *.example.org; a request to any other name is refused. * is refused, "
        "because web pages of strangers could read the answers through a browser of this machine",
    )


def read_alert_settings() -> tuple[AlertSettings, Mapping[str, str]]:
    """Return the alert settings, and the errors of invalid variables by setting name.

    An invalid setting gets its default. The function never raises: an alert must not be lost
    because a port is not a number.
    """
    try:
        return AlertSettings(), {}
    except ValidationError as error:
        # The message only, not the value: it may be a password in the wrong variable.
        messages = {str(found["loc"][0]): _message(found["msg"]) for found in error.errors()}
    defaults: dict[str, Any] = {name: AlertSettings.model_fields[name].default for name in messages}
    errors = {name: f"FANTASY_ALERT_{name.upper()}: {text}" for name, text in messages.items()}
    return AlertSettings(**defaults), errors


_ALL = (Settings, AlertSettings, ApiSettings, _Home)


def invalid_settings(error: ValidationError) -> str:
    """Return one line that names the invalid environment variables, with their errors."""
    prefixes = {kind.__name__: kind.model_config.get("env_prefix", "") for kind in _ALL}
    found = []
    for problem in error.errors():
        name = "_".join(map(str, problem["loc"][:1]))
        # An alias is the whole name of the variable.
        variable = name if name.isupper() else f"{prefixes.get(error.title, '')}{name.upper()}"
        found.append(f"{variable}: {_message(problem['msg'])}")
    plural = "s are" if len(found) > 1 else " is"
    return f"the environment variable{plural} not valid: {'; '.join(found)}. Correct or unset it."


def _message(text: str) -> str:
    """Return pydantic's message without the class of our own errors."""
    return text.removeprefix("Value error, ")


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
