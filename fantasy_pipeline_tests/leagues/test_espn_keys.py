"""ESPN's stat ids: our amounts are those that ESPN states beside the points of real players."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import weekly_stats
from fantasy_pipeline.leagues import espn_keys
from fantasy_pipeline.leagues.amounts import Lines
from fantasy_pipeline.leagues.stat_lines import with_players

LEAGUES = "lm-api-reads.fantasy.espn.com/apis/v3/games/ffl/seasons/2020/segments/0/leagues"
PlayerWeek = tuple[int, str]

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


def stated(mirror: Path) -> Iterator[tuple[PlayerWeek, dict[int, float]]]:
    """Yield what ESPN states about each rostered player's game: amounts by stat id."""
    for file in sorted((mirror / LEAGUES).glob("*mBoxscore*")):
        for matchup in json.loads(file.read_text())["schedule"]:
            for side in ("home", "away"):
                roster = matchup.get(side, {}).get("rosterForCurrentScoringPeriod", {})
                for entry in roster.get("entries", []):
                    player = entry["playerPoolEntry"]["player"]
                    for stats in player["stats"] if player["id"] > 0 else []:
                        if (stats["statSourceId"], stats["statSplitTypeId"]) == (0, 1):
                            key = (stats["scoringPeriodId"], str(player["id"]))
                            yield key, {int(id_): v for id_, v in stats["stats"].items()}


def test_amounts_are_those_that_espn_states(nfl_mirror: Path, tmp_path: Path) -> None:
    source = Nflverse(Transport(tmp_path, mirror=str(nfl_mirror), offline=True), "auto")
    games, weeks = source.schedule(), [1, 2]
    players, _ = raw_players(source, games, 2020, weeks)
    rows = with_players(weekly_stats(source, games, players, 2020, weeks), players)
    ids = source.player_ids()
    espn_id = dict(zip(ids["player_id"].to_pylist(), ids["espn_id"].to_pylist(), strict=True))
    keys = zip(rows["week"].to_pylist(), rows["player_id"].to_pylist(), strict=True)
    number_of = {(week, espn_id.get(player)): at for at, (week, player) in enumerate(keys)}
    amounts = {id_: amount(Lines(rows)) for id_, amount in espn_keys.PLAYER_STATS.items()}

    players_of, equal = Counter[int](), Counter[int]()
    different: dict[int, list[PlayerWeek]] = defaultdict(list)
    for key, found in stated(nfl_mirror):
        if (at := number_of.get(key)) is None:
            continue
        players_of.update(id_ for id_, amount in found.items() if amount)
        for id_, amount in amounts.items():
            if amount[at] == found.get(id_, 0.0):
                equal[id_] += bool(amount[at])
            else:
                different[id_].append(key)
    assert different.keys() == DIFFERENT.keys()
    assert all(len(different[id_]) <= MOST_WITH_OTHER_FUMBLES for id_ in (68, 72, 73))
    assert len(equal) >= 80, "ids that are above 0 for a player"
    without_rule = {id_ for id_ in players_of if id_ not in amounts}
    assert without_rule == UNPAID | (espn_keys.NOT_COMPUTED.keys() & players_of.keys())
