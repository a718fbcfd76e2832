"""Environment variables that no user means: one line that names the variable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from fantasy_pipeline.settings import (
    AlertSettings,
    ApiSettings,
    Settings,
    default_home,
    invalid_settings,
    read_alert_settings,
)
from fantasy_pipeline_tests.waiting import LONGEST_SECONDS

RETURN = "the value has the control character '\\r'"
LONG = "a name in the path has 300 bytes; file systems allow 255"
BAD = [
    ("FANTASY_SOURCE", "espn", "Input should be 'auto', 'nfl_data_py', 'nflreadpy' or 'sample'"),
    ("FANTASY_SOURCE", "auto\r", RETURN),
    ("FANTASY_DATA", "/srv/fantasy\r", RETURN),
    ("FANTASY_DATA", "s3://bucket/lake\r", RETURN),
    ("FANTASY_DATA", "/srv/" + "x" * 300, LONG),
    ("FANTASY_DATA", "/x" * 1800, "the path has 3600 bytes; at most 3500 are possible"),
    ("FANTASY_CACHE", "/srv/" + "x" * 300, LONG),
    ("DAGSTER_HOME", "/srv/home\r", RETURN),
    ("DAGSTER_HOME", "/srv/" + "x" * 300, LONG),
    *(
        ("DAGSTER_HOME", f"/srv/a{c}b", f"the path has the character '{c}', which Dagster cannot")
        for c in "?[*"
    ),
    ("NFLVERSE_MIRROR", "/srv/mirror\n", "the value has the control character '\\n'"),
    ("NFLVERSE_MIRROR", "htp://example.org", "the value is neither a folder nor an address"),
    ("NFLVERSE_MIRROR", "https:/example.org", "an address needs '://'"),
    ("FANTASY_DATA", "s3:/bucket/lake", "an address needs '://', e.g. s3://bucket/folder"),
    ("FANTASY_DOWNLOAD_TIMEOUT", "soon", "Input should be a valid number"),
    ("FANTASY_DOWNLOAD_TIMEOUT", "inf", "Input should be a finite number"),
    ("FANTASY_OFFLINE", "maybe", "Input should be a valid boolean"),
    (
        "FANTASY_PROJECTION_SOURCES",
        "espn,yahoo",
        "yahoo is none of nflcom, sleeper, fantasypros, espn; or use all alone",
    ),
    ("FANTASY_PROJECTION_SOURCES", "all,espn", "all is none of nflcom"),
    *(
        ("FANTASY_API_HOSTS", f"nfl.example.org,{name}", f"{name} would admit pages of strangers")
        for name in ("*", "*.org", "*example.org", "a.*.org", "*.")
    ),
    *(
        ("FANTASY_API_HOSTS", name, f"{name} is no name of a host, which has neither http://")
        for name in ("https://nfl.example.org", "nfl.example.org:8000", "nfl example")
    ),
    ("FANTASY_ALERT_SMTP_PORT", "70000", "Input should be less than or equal to 65535"),
    ("FANTASY_ALERT_SMTP_TLS", "tls", "Input should be 'auto', 'starttls', 'implicit' or 'off'"),
    ("FANTASY_ALERT_UI_URL", "dagster.example", "the address must start with http:// or https://"),
    ("FANTASY_API_TOKEN", "secret\r", RETURN),
    ("FANTASY_ALERT_SMTP_PASSWORD", "secret\r", RETURN),
]


def read_all() -> None:
    default_home()
    Settings()
    ApiSettings()
    AlertSettings()


@pytest.mark.parametrize(("name", "value", "problem"), BAD)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as failed:
        read_all()
    text = invalid_settings(failed.value)
    assert text.startswith(f"the environment variable is not valid: {name}: {problem}")
    assert "secret" not in text
    assert "\n" not in text


def test_a_path_of_many_short_names_and_a_url_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    home = "/" + "/".join(["x" * 60] * 5)
    monkeypatch.setenv("DAGSTER_HOME", home)
    monkeypatch.setenv("FANTASY_DATA", "s3://bucket/" + "x" * 300)
    assert default_home() == Path(home)
    assert Settings().data == "s3://bucket/" + "x" * 300


def test_names_of_hosts_and_sources_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = "nfl.example.org, *.example.net,192.0.2.1,[2001:db8::1]"
    monkeypatch.setenv("FANTASY_API_HOSTS", hosts)
    assert ApiSettings().hosts == hosts
    for sources in ("all", "ALL", "ESPN, nflcom", ",espn,"):
        monkeypatch.setenv("FANTASY_PROJECTION_SOURCES", sources)
        assert Settings().projection_sources == sources


def test_a_password_with_a_carriage_return_stops_its_own_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FANTASY_ALERT_SMTP_PASSWORD", "secret\r")
    monkeypatch.setenv("FANTASY_ALERT_SMTP_TO", "a@example.org")
    settings, bad = read_alert_settings()
    assert bad == {"smtp_password": f"FANTASY_ALERT_SMTP_PASSWORD: {RETURN}"}
    assert settings.smtp_to == "a@example.org"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [BAD[0], BAD[2], BAD[8], next(bad for bad in BAD if bad[0].endswith("PROJECTION_SOURCES"))],
    ids=["misspelt source", "carriage return", "home of 300 characters", "projection sources"],
)
@pytest.mark.parametrize("words", [("status",), ("run",)], ids=" ".join)
def test_every_command_says_it_in_one_line(
    name: str, value: str, problem: str, words: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fantasy_pipeline.cli", *words],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: the environment variable is not valid: {name}: {problem}")
