"""Detect a site's answer that is of another week, of other players or in another unit.

Frequencies are of ESPN's 71 answers of 2021-2025 week 4 with `MIN_ROWS` players and more, and of
NFL.com's 72 weeks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.ingest.names import letters_of

MIN_ROWS = 250
"""Players of an answer from which it is compared: 312 and more in all weeks but one."""
MANY_PLAYERS = 300
"""Fantasy players with a game from which a short answer is reported; full weeks have 600."""
MAX_OTHER_NAMES = 0.3
"""Share of the players who have another name than on their roster; 6.7% in the worst week."""
MAX_WITHOUT_GAME = 0.1
"""Share of the players whose team has no game. It is 0 in every week, and 6% in 2022 week 17, whose
game BUF-CIN was cancelled."""
MIN_OF_TEAM = 4
"""Players of a team with a game; the fewest are 8."""
USUAL_PPR = {
    "QB": (20, 18.2),
    "RB": (30, 14.8),
    "WR": (40, 14.2),
    "TE": (15, 10.9),
    "K": (20, 7.9),
    "DST": (20, 6.0),
}
"""By position, a number of best players and their usual mean projection, PPR points."""
LEVELS = 0.75, 1.35
"""Mean of those players relative to the usual one; 0.86-1.14 in every week and position."""


def implausible(rows: pa.Table, raw_players: pa.Table, week: SeasonWeek) -> str | None:
    """Return why an answer is not a week's PPR projections; None if it may be.

    Args:
        rows: `SOURCE_PROJECTIONS` rows of the week, with the names that the site states.
        raw_players: names, teams and opponents of `RAW_PLAYERS`.
    """
    if rows.num_rows < MIN_ROWS:
        return None
    players = of_week(raw_players, week).select(["player_id", "player_name", "opponent"])
    both = rows.select(["player_id", "player_name", "position", "points_ppr"]).join(
        players, "player_id", join_type="inner", right_suffix="_rostered"
    )
    # A defence has a nickname here and a city there.
    named = both.filter(pc.not_equal(both["position"], "DST"))
    same = letters_of(named["player_name"]), letters_of(named["player_name_rostered"])
    share = pc.mean(pc.fill_null(pc.not_equal(*same), False)).as_py() or 0.0
    if share > MAX_OTHER_NAMES:
        return f"{share:.0%} of its players have another name than the player with their id"
    idle = both["opponent"].null_count / both.num_rows
    if idle > MAX_WITHOUT_GAME:
        return f"{idle:.0%} of its players have no game in week {week.week}: it is another week's"
    return _other_level(both)


def _other_level(rows: pa.Table) -> str | None:
    """Return the first position whose best players have other than the usual points."""
    for position, (best, usual) in USUAL_PPR.items():
        points = rows.filter(pc.equal(rows["position"], position))["points_ppr"].drop_null()
        if len(points) < best:
            continue
        level = float(np.sort(points.to_numpy())[::-1][:best].mean() / usual)
        if not LEVELS[0] <= level <= LEVELS[1]:
            return f"the {position} have {level:.0%} of their usual points"
    return None


def missing_positions(rows: pa.Table, raw_players: pa.Table, week: SeasonWeek) -> list[str]:
    """Return what an answer lacks besides teams: players, or those of a position.

    Args:
        rows: positions of the answer's players.
        raw_players: positions and opponents of `RAW_PLAYERS`.
    """
    if rows.num_rows < MIN_ROWS:
        players = of_week(raw_players, week)
        players = players.filter(pc.is_in(players["position"], pa.array([*USUAL_PPR])))
        with_game = len(players["opponent"].drop_null())
        return [f"only {rows.num_rows} players"] if with_game >= MANY_PLAYERS else []
    counts = {
        position: int(pc.sum(pc.equal(rows["position"], position)).as_py() or 0)
        for position in USUAL_PPR
    }
    return [
        f"only {count} {position}"
        for position, count in counts.items()
        if count < USUAL_PPR[position][0]
    ]


def missing_teams(rows: pa.Table, raw_players: pa.Table, week: SeasonWeek) -> list[str]:
    """Return the teams with a game of which an answer has nearly no player, in order.

    Args:
        rows: player_id of the answer's players.
        raw_players: player ids, teams and opponents of `RAW_PLAYERS`.
    """
    if rows.num_rows < MIN_ROWS:
        return []
    players = of_week(raw_players, week).select(["player_id", "team", "opponent"])
    players = players.filter(pc.is_valid(players["opponent"]))
    found = players.join(rows.select(["player_id"]), "player_id", join_type="left semi")
    counts = dict.fromkeys(pc.unique(players["team"]).to_pylist(), 0) | _counts(found)
    return sorted(team for team, count in counts.items() if team and count < MIN_OF_TEAM)


def without_teams(source: str, week: SeasonWeek, teams: Sequence[str]) -> list[str]:
    """Return one warning about the teams that an answer lacks; none if it has all."""
    if not teams:
        return []
    return [
        f"{source} {week}: its answer has nearly no player of {', '.join(teams)}, although the "
        "week has their games. Run the week again later"
    ]


def _counts(rows: pa.Table) -> dict[str, int]:
    counts = rows["team"].value_counts().to_pylist()
    return {one["values"]: one["counts"] for one in counts}
