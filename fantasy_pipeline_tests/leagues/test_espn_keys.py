"""ESPN's stat ids: our amounts are those that ESPN states beside the points of real players."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fantasy_pipeline.football.tables import WEEKLY_STATS
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites import espn
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.leagues import espn_keys, team_keys
from fantasy_pipeline.leagues.amounts import Floats, Lines
from fantasy_pipeline.leagues.stat_lines import with_players
from fantasy_pipeline_tests.rows import Rows

LEAGUES = "lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/2020/segments/0/leagues"

DIFFERENT = {
    59: "another source counts the yards after the catch",
    68: "the weekly file lacks fumbles on returns before 2021",
    72: "the weekly file lacks fumbles on returns before 2021",
    73: "the weekly file lacks fumbles on returns before 2021",
    211: "ESPN had no first downs in 2020",
    212: "ESPN had no first downs in 2020",
    213: "ESPN had no first downs in 2020",
}
"""Ids whose amounts differ for some players, with the reason."""
MOST_WITH_OTHER_FUMBLES = 4
UNPAID = {
    *(21, 22, 39, 40, 60, 61),  # shares and averages of the columns beside them
    *(155, 156, 158),  # the team's result and points
    210,  # games
}
"""Ids that ESPN states about players, and that we leave out."""


def stated(mirror: Path) -> Iterator[tuple[int, dict[str, Any], dict[int, float]]]:
    """Yield week, rostered player or team, and what ESPN states: amounts by stat id."""
    for file in sorted((mirror / LEAGUES).glob("*mBoxscore*")):
        for matchup in json.loads(file.read_text())["schedule"]:
            for side in ("home", "away"):
                roster = matchup.get(side, {}).get("rosterForCurrentScoringPeriod", {})
                for entry in roster.get("entries", []):
                    player = entry["playerPoolEntry"]["player"]
                    for stats in player["stats"]:
                        if (stats["statSourceId"], stats["statSplitTypeId"]) == (0, 1):
                            found = {int(id_): value for id_, value in stats["stats"].items()}
                            yield stats["scoringPeriodId"], player, found


@dataclass
class Compared:
    """Our amounts beside ESPN's.

    Args:
        equal: ids of which a player or team has some, with the number of equal amounts.
        different: ids with the number of different amounts.
        without_rule: ids that ESPN states and that no amount is known of.
    """

    equal: Counter[int] = field(default_factory=Counter)
    different: Counter[int] = field(default_factory=Counter)
    without_rule: set[int] = field(default_factory=set)

    def add(self, amounts: dict[int, Floats], at: int, found: dict[int, float]) -> None:
        """Compare the amounts of one line, the one at a number."""
        self.without_rule |= {id_ for id_, amount in found.items() if amount and id_ not in amounts}
        for id_, amount in amounts.items():
            if amount[at] != found.get(id_, 0.0):
                self.different[id_] += 1
            elif amount[at]:
                self.equal[id_] += 1


@pytest.fixture
def source(nfl_mirror: Path, tmp_path: Path) -> Nflverse:
    return Nflverse(Transport(tmp_path, mirror=str(nfl_mirror), offline=True), "auto")


def test_amounts_of_players_are_those_that_espn_states(source: Nflverse, nfl_mirror: Path) -> None:
    games, weeks = source.schedule(), [1, 2]
    players, _ = raw_players(source, games, 2020, weeks)
    rows = with_players(weekly_stats(source, games, players, 2020, weeks), players)
    ids = source.player_ids()
    espn_id = dict(zip(ids["player_id"].to_pylist(), ids["espn_id"].to_pylist(), strict=True))
    keys = zip(rows["week"].to_pylist(), rows["player_id"].to_pylist(), strict=True)
    number_of = {(week, espn_id.get(player)): at for at, (week, player) in enumerate(keys)}
    amounts = {id_: amount(Lines(rows)) for id_, amount in espn_keys.PLAYER_STATS.items()}
    compared = Compared()
    for week, player, found in stated(nfl_mirror):
        if (at := number_of.get((week, str(player["id"])))) is not None:
            compared.add(amounts, at, found)
    assert compared.different.keys() == DIFFERENT.keys()
    assert all(compared.different[id_] <= MOST_WITH_OTHER_FUMBLES for id_ in (68, 72, 73))
    assert len(compared.equal) >= 80
    assert compared.without_rule - UNPAID == compared.without_rule & espn_keys.NOT_COMPUTED.keys()


def test_amounts_of_teams_are_those_that_espn_states(source: Nflverse, nfl_mirror: Path) -> None:
    table = team_defense_stats(source.schedule(), source.weekly_stats(2020))
    keys = zip(table["week"].to_pylist(), table["team"].to_pylist(), strict=True)
    number_of = {key: at for at, key in enumerate(keys)}
    amounts = {
        int(key.removeprefix("stat ")): amount(Lines(table))
        for key, amount in team_keys.ESPN.items()
    }
    compared = Compared()
    for week, player, found in stated(nfl_mirror):
        if player["id"] < 0:
            compared.add(amounts, number_of[week, espn.TEAMS[player["proTeamId"]]], found)
    # ESPN corrected some tackles of two teams.
    assert compared.different.keys() <= {107, 108, 109, 110, 111}
    assert sum(compared.different.values()) <= 6
    assert len(compared.equal) >= 35
    named = {int(key.removeprefix("stat ")) for key in team_keys.NOT_COMPUTED if "stat " in key}
    assert compared.without_rule - UNPAID <= named


@pytest.mark.parametrize(
    ("column", "first", "second", "lowest", "highest"),
    [
        ("passing_yards", 17, 18, 300, 400),
        ("rushing_yards", 37, 38, 100, 200),
        ("receiving_yards", 56, 57, 100, 200),
    ],
)
def test_a_bonus_is_paid_from_its_yards_on(
    rows: Rows, column: str, first: int, second: int, lowest: int, highest: int
) -> None:
    yards = [lowest - 1, lowest, highest - 1, highest]
    lines = Lines(rows(WEEKLY_STATS, *({column: number} for number in yards)))
    assert espn_keys.PLAYER_STATS[first](lines).tolist() == [0, 1, 1, 0]
    assert espn_keys.PLAYER_STATS[second](lines).tolist() == [0, 0, 0, 1]
