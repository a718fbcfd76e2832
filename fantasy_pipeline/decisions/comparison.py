"""Players of a week side by side: what each is projected, and who outscores whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.decisions.outcomes import Points, chance_to_outscore, chances_of_most
from fantasy_pipeline.decisions.players import find_player
from fantasy_pipeline.decisions.rest_of_season import totals
from fantasy_pipeline.decisions.scored import AnyScoring, actual, projected
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.football.positions import DEFENDER_GROUPS, DST
from fantasy_pipeline.football.scoring import suffix
from fantasy_pipeline.football.tables import DEFENDER_POINTS
from fantasy_pipeline.football.tables.history import TARGET_STATS
from fantasy_pipeline.football.tables.week_rows import codes, of_players
from fantasy_pipeline.ingest.sites import ESPN, NFLCOM
from fantasy_pipeline.leagues.scoring import Scoring
from fantasy_pipeline.leagues.team_defence import team_scoring
from fantasy_pipeline.projections import team_defense
from fantasy_pipeline.projections.columns import as_floats

FEWEST, MOST = 2, 8
"""Players of one comparison."""
PLAYOFF_WEEKS = (15, 17)
"""First and last week of most leagues' play-offs."""
RECENT = 5
"""Games before the week that a comparison shows."""
_FROM_PROJECTIONS = (
    *("player_id", "player_name", "position", "team", "opponent", "is_home"),
    *("implied_team_total", "opponent_factor", "plays", "reason", "injury_status"),
)
_OF_SITE = {DST: ESPN, **dict.fromkeys(DEFENDER_GROUPS, NFLCOM)}
"""The site in whose scoring team defences and defenders are projected."""
OF_LEAGUE = "league"
"""Scoring of points that are in a league's."""
FROM_PLAYERS = ("injury", "practice_status")
_STATS = (*TARGET_STATS, *DEFENDER_POINTS)


@dataclass(frozen=True)
class Game:
    """Points of an earlier game."""

    season: int
    week: int
    opponent: str | None
    points: float


class Stated(NamedTuple):
    """Points that a source states, and their scoring.

    NFL.com and the model state half-PPR only. The scoring of a team defence or a defender is that
    of a site, by its name: the model's is ESPN's or NFL.com's, and each source has its own.
    """

    points: float
    scoring: str


class Rest(NamedTuple):
    """The rest of the season, the week itself included: the regular one, or a league's.

    Args:
        games: games of his team; in a league's season, games for which he is expected to score.
        points, p10, p90: expected total, and its floor and ceiling.
        playoffs: expected points of the weeks of the league's play-offs.
        scoring: usual scoring of the points, or `OF_LEAGUE`.
        playoff_weeks: first and last of these weeks.
    """

    games: int
    points: float
    p10: float
    p90: float
    playoffs: float
    scoring: str
    playoff_weeks: tuple[int, int] = PLAYOFF_WEEKS


@dataclass(frozen=True)
class Compared:
    """A player of a comparison.

    Args:
        about: columns of `PROJECTIONS` and `RAW_PLAYERS` that are not points.
        points: projected points.
        line: projected stats that are not 0.
        chance: chance to score the most of all compared players, 0-1.
        chances: chance to outscore each of the others, by player id.
        games: his latest games before the week, latest first.
        sources: what each source states of him; a source that states nothing is left out.
        rest: the rest of the season; None if `rest_of_season` lacks the week or the player.
    """

    about: Mapping[str, Any]
    points: Points
    line: Mapping[str, float]
    chance: float = 0.0
    chances: Mapping[str, float] = field(default_factory=dict)
    games: Sequence[Game] = ()
    sources: Mapping[str, Stated] = field(default_factory=dict)
    rest: Rest | None = None

    @property
    def player_id(self) -> str:
        return str(self.about["player_id"])

    def to_json(self) -> dict[str, Any]:
        """Return the player as the command line prints him in JSON."""
        points = self.points
        return {
            **self.about,
            "projected_points": points.expected,
            "p10": points.p10,
            "p50": points.p50,
            "p90": points.p90,
            "chance_of_most": round(self.chance, 3),
            "chance_to_outscore": {id_: round(chance, 3) for id_, chance in self.chances.items()},
            "line": dict(self.line),
            "last_games": [vars(game) for game in self.games],
            "sources": {name: stated._asdict() for name, stated in self.sources.items()},
            "rest_of_season": None if self.rest is None else self.rest._asdict(),
        }


def named(names: Sequence[str], projections: pa.Table, scoring: AnyScoring) -> pa.Table:
    """Return the rows of the named players, in the order of the names.

    Args:
        names: ids, names or parts of names.
        projections: `PROJECTIONS` rows of a week, see also `with_defenders`. Team defences are not
            found in the scoring of a league that pays none.

    Raises:
        InvalidArgumentError: too few or too many players, or a name is of nobody or of several.
    """
    if isinstance(scoring, Scoring) and not team_scoring(scoring.team_defence).rules:
        projections = of_players(projections)
    rows = _rows_of(names, projections.select(["player_id", "player_name", "position", "team"]))
    return projections.take(pa.array(rows))


def compared(
    of_players: pa.Table,
    raw_players: pa.Table,
    earlier: pa.Table,
    defences: pa.Table,
    statements: pa.Table,
    rests: Mapping[str, Rest],
    scoring: AnyScoring,
    stated_in: str,
) -> list[Compared]:
    """Return the players of a comparison.

    Args:
        of_players: rows of the players, see `named`.
        raw_players: `RAW_PLAYERS` rows of the week.
        earlier: `WEEKLY_STATS` rows of earlier weeks; see `scored.actual`.
        defences: `TEAM_DEFENSE_STATS` rows of earlier weeks; none are needed without a defence.
        statements: `SOURCE_PROJECTIONS` rows of the week, one per source and player.
        rests: rest of the season by player id; players of whom it is not known are left out.
        scoring: scoring of the points.
        stated_in: usual scoring of the sources' points.
    """
    points = projected(of_players, scoring, defences)
    abouts = _abouts(of_players, raw_players)
    ids = [about["player_id"] for about in abouts]
    games = recent_games(ids, earlier, defences, scoring)
    sources = stated_by_source(of_players, statements, stated_in)
    of_most = chances_of_most(points)
    return [
        Compared(
            abouts[number],
            points[number],
            _line(of_players, number),
            of_most[number],
            {
                id_: chance_to_outscore(points[number], points[other])
                for other, id_ in enumerate(ids)
                if other != number
            },
            games[ids[number]],
            sources[ids[number]],
            rests.get(ids[number]),
        )
        for number in range(len(ids))
    ]


def check_names(names: Sequence[str]) -> None:
    """Check the number of players of a comparison.

    Raises:
        InvalidArgumentError: there are too few or too many.
    """
    if not FEWEST <= len(names) <= MOST:
        raise InvalidArgumentError(f"compare takes {FEWEST} to {MOST} players, not {len(names)}.")


def _rows_of(names: Sequence[str], players: pa.Table) -> list[int]:
    """Return the row of each named player."""
    check_names(names)
    rows = [{**row, "row": number} for number, row in enumerate(players.to_pylist())]
    found = [find_player(rows, name) for name in names]
    chosen = [int(row["row"]) for row in found]
    for number, row in enumerate(found):
        if chosen.index(row["row"]) != number:
            raise InvalidArgumentError(
                f"{names[number]!r} and {names[chosen.index(row['row'])]!r} are both "
                f"{row['player_name']}; name different players."
            )
    return chosen


def _abouts(of_players: pa.Table, raw_players: pa.Table) -> list[dict[str, Any]]:
    injuries = {
        row["player_id"]: row
        for row in raw_players.select(["player_id", *FROM_PLAYERS]).to_pylist()
    }
    return [
        {**row, **{name: injuries.get(row["player_id"], {}).get(name) for name in FROM_PLAYERS}}
        for row in of_players.select(list(_FROM_PROJECTIONS)).to_pylist()
    ]


def _line(of_players: pa.Table, number: int) -> dict[str, float]:
    stats = [name for name in _STATS if name in of_players.column_names]
    row = of_players.select(stats).slice(number, 1).to_pylist()[0]
    return {name: round(value, 2) for name, value in row.items() if value and round(value, 2)}


def recent_games(
    ids: Sequence[str], earlier: pa.Table, defences: pa.Table, scoring: AnyScoring
) -> dict[str, list[Game]]:
    """Return the latest `RECENT` games of each player, latest first, by player id.

    Args:
        earlier: `WEEKLY_STATS` rows; see `scored.actual`.
        defences: `TEAM_DEFENSE_STATS` rows, of which the usual scorings need the points only:
            they pay ESPN's.
    """
    wanted = pa.array(ids, pa.string())
    lines, of_teams = (
        rows.filter(pc.is_in(rows["player_id"], wanted)) for rows in (earlier, defences)
    )
    if isinstance(scoring, Scoring):
        of_defences = team_scoring(scoring.team_defence).points(of_teams)
    else:
        of_defences = np.nan_to_num(as_floats(of_teams[team_defense.POINTS]))
    names = ["season", "week", "player_id", "opponent"]
    played = pa.concat_tables(
        rows.select(names).append_column("points", pa.array(points, pa.float64()))
        for rows, points in ((lines, actual(lines, scoring)), (of_teams, of_defences))
    )
    played = played.append_column("order", pa.array(codes(played)))
    found: dict[str, list[Game]] = {id_: [] for id_ in ids}
    for row in played.sort_by([("order", "descending")]).to_pylist():
        games = found[row["player_id"]]
        if len(games) < RECENT:
            games.append(Game(row["season"], row["week"], row["opponent"], round(row["points"], 2)))
    return found


def rests_of_season(rest: pa.Table, ids: Sequence[str], scoring: str) -> dict[str, Rest]:
    """Return the rest of the season by player id; players without rows are left out.

    Args:
        rest: `REST_OF_SEASON` rows of one week.
        scoring: usual scoring of the points.
    """
    name = f"points{suffix(scoring)}"
    own = rest.filter(pc.is_in(rest["player_id"], pa.array(ids, pa.string())))
    weeks_of: dict[str, list[dict[str, Any]]] = {}
    for row in own.select(["player_id", "target_week", "bye", name]).to_pylist():
        weeks_of.setdefault(row["player_id"], []).append(row)
    sums = {id_: sum(row[name] for row in weeks) for id_, weeks in weeks_of.items()}
    points = [[row[name] for row in weeks] for weeks in weeks_of.values()]
    ranges = np.round(totals([*sums], points), 1).tolist()
    bands = dict(zip(sums, ranges, strict=True))
    first, last = PLAYOFF_WEEKS
    found = {}
    for id_, weeks in weeks_of.items():
        late = sum(row[name] for row in weeks if first <= row["target_week"] <= last)
        games = sum(not row["bye"] for row in weeks)
        p10, _, p90 = bands[id_]
        found[id_] = Rest(games, round(sums[id_], 1), p10, p90, round(late, 1), scoring)
    return found


def rests_of_league(
    points: Mapping[str, Sequence[float]], first_week: int, playoff_weeks: tuple[int, int]
) -> dict[str, Rest]:
    """Return the rest of a league's season by player id.

    Args:
        points: points of each player in each week from `first_week` on, in the league's scoring.
        playoff_weeks: first and last week of the league's play-offs.
    """
    sums = [sum(weeks) for weeks in points.values()]
    bands = np.round(totals([*points], [*points.values()]), 1).tolist() if sums else []
    first, last = playoff_weeks
    found = {}
    for (id_, weeks), total, (p10, _, p90) in zip(points.items(), sums, bands, strict=True):
        late = sum(weeks[max(first - first_week, 0) : max(last + 1 - first_week, 0)])
        games = sum(one > 0 for one in weeks)
        found[id_] = Rest(
            games, round(total, 1), p10, p90, round(late, 1), OF_LEAGUE, playoff_weeks
        )
    return found


def stated_by_source(
    of_players: pa.Table, statements: pa.Table, stated_in: str
) -> dict[str, dict[str, Stated]]:
    """Return what each source states of each player, by player id and source.

    Args:
        of_players: player_id, position and model_half of `PROJECTIONS`.
        statements: `SOURCE_PROJECTIONS` rows, one per source and player.
        stated_in: usual scoring of the points; half-PPR or PPR of a source that does not state it.
    """
    ids = of_players["player_id"].to_pylist()
    found: dict[str, dict[str, Stated]] = {id_: {} for id_ in ids}
    position_of = dict(zip(ids, of_players["position"].to_pylist(), strict=True))
    for id_, value in zip(ids, of_players["model_half"].to_pylist(), strict=True):
        if value is not None:
            scoring = _OF_SITE.get(position_of[id_], "half")
            found[id_]["model"] = Stated(value, scoring)
    for row in statements.to_pylist():
        id_, source = row["player_id"], row["source"]
        for name in (stated_in, "half", "ppr"):
            value = row[f"points_{name}"]
            if id_ in found and value is not None:
                scoring = source if position_of[id_] in _OF_SITE else name
                found[id_].setdefault(source, Stated(value, scoring))
    return found
