"""`mirror` saves the registered leagues, and an import reads them from the folder."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import pytest

from fantasy_pipeline.football.calendar import games_from_table, season_schedule
from fantasy_pipeline.ingest.download.saving import MirrorFolder, SavingTransport
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.leagues.adapters import open_adapters
from fantasy_pipeline.ingest.leagues.base import Registered
from fantasy_pipeline.ingest.leagues.sleeper import Sleeper
from fantasy_pipeline.ingest.sample import SampleLeague
from fantasy_pipeline.operations.mirror import Mirrored, league_readings
from fantasy_pipeline.settings import Settings
from fantasy_pipeline_tests.ingest.leagues import invented


def test_a_leagues_files_are_saved_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream, folder = tmp_path / "upstream", tmp_path / "mirror"
    invented.sleeper_league(upstream)
    result = Mirrored(MirrorFolder(folder))
    monkeypatch.setenv("NFLVERSE_MIRROR", str(upstream))
    adapters = open_adapters(Settings(), partial(SavingTransport, result.folder))
    games = games_from_table(SampleLeague().schedule())
    schedule = season_schedule(games, 2024, datetime(2025, 3, 1, tzinfo=timezone.utc))
    weeks = [schedule[number] for number in (1, 2, 3)]
    leagues = [
        Registered("friends", "sleeper", {2024: "700"}),
        Registered("office", "file", {2024: "office"}),
        Registered("unknown", "sleeper", {2024: "701"}),
    ]
    names = []
    for name, read in league_readings(leagues, adapters, weeks, result):
        names.append(name)
        read()
    assert names == ["league friends 2024", "league unknown 2024", "players of Sleeper"]
    # The league is a file beside the folder of its rosters.
    saved = folder / "api.sleeper.app/v1/league"
    assert (saved / "700.json").is_file()
    assert (saved / "700" / "rosters.json").is_file()
    assert result.not_published == ["league friends 2024 week 3"]
    [failure] = result.failures
    assert "Sleeper has no league 701" in failure

    here, there = (Sleeper(Transport(tmp_path / "other", str(root))) for root in (folder, upstream))
    season = here.season("700")
    assert season == there.season("700")
    assert [here.week(season, week) for week in (1, 2)] == [
        there.week(season, week) for week in (1, 2)
    ]
