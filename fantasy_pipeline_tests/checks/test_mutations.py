"""Import a real week with one wrong file at a time: it is refused, named, mended or argued for."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

import pytest

from fantasy_pipeline.checks import BY_TABLE
from fantasy_pipeline.checks.acceptance import accepted
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.lake import Lake
from fantasy_pipeline_tests import ROOT
from fantasy_pipeline_tests.checks.frames import Outcome, RealWeek, real_week
from fantasy_pipeline_tests.checks.mutations import MUTATIONS, Mutation, mutated

PAGE = ROOT / "docs" / "reliability.md"
MOST_ALLOWED = 5


@pytest.fixture(scope="module")
def week(nfl_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> RealWeek:
    return real_week(nfl_mirror, tmp_path_factory.mktemp("week"))


@pytest.fixture(scope="module")
def sound(week: RealWeek) -> Outcome:
    return week.imported()


def test_the_real_week_is_sound(sound: Outcome) -> None:
    """It is provisional at that moment, which is all that is said."""
    assert sound.refused == []
    [provisional] = sound.warned
    assert provisional.startswith("weekly_stats_final: 2024 week 12: provisional, not final")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.frame}: {m.name}")
def test_a_wrong_file_is_found(week: RealWeek, sound: Outcome, mutation: Mutation) -> None:
    frame = mutated(mutation, week.frames)
    assert not frame.equals(week.frames[mutation.frame])
    outcome = week.imported(mutation.frame, frame, mutation.weeks)
    texts = outcome.texts(sound)
    assert outcome.kind(sound) == mutation.outcome, texts
    if mutation.outcome in ("refused", "warned"):
        assert any(mutation.says in text for text in texts), texts


def table() -> list[str]:
    """Return the lines of the table in the docs."""
    shown = {
        "refused": "refused: {}",
        "warned": "warning: {}",
        "mended": "mended: {}",
        "allowed": "allowed: {}",
    }
    return [
        f"| `{one.frame}` | {one.name} | {shown[one.outcome].format(one.says)} |"
        for one in MUTATIONS
    ]


def test_the_page_has_every_mutation() -> None:
    """`python -m fantasy_pipeline_tests.checks.test_mutations` prints the table."""
    text = PAGE.read_text()
    section = text[text.index("## Mutations of a real week") :]
    section = section[: section.index("\n## ", 1)]
    assert [line for line in section.splitlines() if line.startswith("| `")] == table()
    counts = Counter(mutation.outcome for mutation in MUTATIONS)
    stated = (
        f"{len(MUTATIONS)} mutations: {counts['refused']} are refused, {counts['warned']} named by "
        f"a warning, {counts['mended']} mended, and {counts['allowed']} allowed in silence"
    )
    assert stated in " ".join(section.split())
    assert len(MUTATIONS) >= 70
    assert counts["allowed"] <= MOST_ALLOWED
    assert len({(mutation.frame, mutation.name) for mutation in MUTATIONS}) == len(MUTATIONS)


@pytest.mark.slow
def test_no_false_alarm(nfl_mirror: Path, tmp_path: Path) -> None:
    """Weeks 1-4 of 2015-2025: no check refuses a week, and three have a warning, which is true."""
    source = Nflverse(Transport(tmp_path, mirror=str(nfl_mirror), offline=True), "auto")
    lake, now = Lake(str(tmp_path / "lake"), "nfl"), datetime(2026, 1, 1, tzinfo=timezone.utc)
    games, weeks, warned = source.schedule(), [1, 2, 3, 4], []
    lake.write(tables.GAMES, games)
    for season in range(2015, 2026):
        players, warnings = raw_players(source, games, season, weeks)
        lines = weekly_stats(source, games, players, season, weeks)
        others = nflcom_projections(source, players, season, weeks)
        assert others.failed == {}
        assert not any("opponents" in text or "usual" in text for text in others.warnings)
        assert not any("is not the roster's" in text for text in warnings)
        keys = [SeasonWeek(season, week) for week in weeks]
        for contract, rows in (
            (tables.RAW_PLAYERS, players),
            (tables.WEEKLY_STATS, lines),
            (tables.SOURCE_PROJECTIONS, others.parts[0]),
        ):
            found = accepted(contract, BY_TABLE[contract.name], rows, keys, now, lake)
            assert found.refused == {}
            lake.write_weeks(contract, found.rows, keys)
            warned += [text for result in found.results.values() for text in result.texts]
    # The kick is in the file of one release of upstream's only.
    kick = "2016 week 3: Chandler Catanzaro: the ranges of fg_made are not fg_made"
    assert [text for text in warned if text != kick] == [
        "2022 week 2: no player of JAX is on the injury report",
        "2024 week 1: no player of DEN is on the injury report",
    ]


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
