"""What a week's report says, gathered from the lake's tables; how it looks is in `page`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.scoring import SCORINGS, Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.report import store
from fantasy_pipeline.report.absences import Vacated, absent, doubtful, on_bye, vacated
from fantasy_pipeline.report.accuracy import Scores, scores_of
from fantasy_pipeline.report.close_calls import CloseCall, close_calls
from fantasy_pipeline.report.movers import Move, movers
from fantasy_pipeline.report.players import HISTORY_COLUMNS, Player, board, players_of, ranked
from fantasy_pipeline.report.tiers import tiers
from fantasy_pipeline.report.value import League, replacement, starters

if TYPE_CHECKING:
    import pyarrow as pa

    from fantasy_pipeline.football.tables.contract import Table

MOST_CORRECTIONS = 12


@dataclass(frozen=True)
class Input:
    """A table behind the report: when it was made, by which run, and what it says of itself.

    Args:
        weeks: that the report shows of it, the others of the entry being those of the latest made;
            none: the table has no weeks.
    """

    table: str
    weeks: Sequence[SeasonWeek]
    made_at: datetime
    run_id: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """Where a report comes from.

    Args:
        label: what the data are, if not real.
        as_of: the moment that the run stands for.
        run_id: of the run that made the report.
        run_url: where the Dagster UI shows runs; a run's id is added. Empty: not known.
    """

    label: str | None
    as_of: datetime
    run_id: str
    run_url: str
    inputs: Sequence[Input] = ()


@dataclass(frozen=True)
class Report:
    """Everything that a report says.

    Args:
        players: the board, best value first; who is out last.
        projected: how many of the week's players are projected to play, those not listed included.
        values, tiers: by scoring and player id; who is out has no tier.
        before: as of when the projections were that `rises` and `falls` compare with.
        rises, falls, calls: by scoring; movers of scorings only that the refresh before kept.
        absent: of note and will not play, the most missed first; byes left out.
        doubtful: of note and may not play, by points, most first.
        byes: by team without a game, its players who are missed most; maybe none.
        vacated: what the absent leave, by team, the most first.
        scores: accuracy of `scored_season` up to the week; None: nothing is scored yet.
        kickoffs: of the week's games, in order.
        corrections: `STAT_CORRECTIONS` rows of the latest week corrected before this one.
        sources_as_of: source of projections and when it last said something of the week.
        model: what the model that made the week's projections was made from; None: not known.
    """

    week: SeasonWeek
    origin: Origin
    league: League
    players: Sequence[Player]
    projected: int
    values: Mapping[Scoring, Mapping[str, float]]
    tiers: Mapping[Scoring, Mapping[str, int]]
    before: datetime | None
    rises: Mapping[Scoring, Sequence[Move]]
    falls: Mapping[Scoring, Sequence[Move]]
    calls: Mapping[Scoring, Sequence[CloseCall]]
    absent: Sequence[Player]
    doubtful: Sequence[Player]
    byes: Mapping[str, Sequence[Player]]
    vacated: Sequence[Vacated]
    scores: Scores | None
    scored_season: int
    corrections: Sequence[Mapping[str, Any]]
    kickoffs: Sequence[datetime]
    sources_as_of: Mapping[str, datetime]
    model: Mapping[str, Any] | None

    @property
    def played(self) -> bool:
        """Whether what happened is known."""
        return any(player.actual for player in self.players)


def gather(
    lake: Lake,
    games: pa.Table,
    week: SeasonWeek,
    state: store.State,
    players: Sequence[Player],
    origin: Origin,
) -> Report:
    """Read what a week's report says.

    Args:
        games: see `read_games`.
        players: all players projected in the week, see `players_in`.
    """
    league = League()
    listed = board(players, league.teams)
    values: dict[Scoring, dict[str, float]] = {}
    tiers_of: dict[Scoring, dict[str, int]] = {}
    calls: dict[Scoring, list[CloseCall]] = {}
    for scoring in SCORINGS:
        values[scoring], tiers_of[scoring], counts = _worth(listed, scoring, league)
        calls[scoring] = [
            call
            for position in tables.FANTASY_POSITIONS
            if position != "K"
            for call in close_calls(players, position, counts[position], scoring)
        ]
    order = sorted(listed, key=lambda p: (p.is_out, -values["ppr"][p.player_id], p.player_id))
    before = state.before
    moves = {
        scoring: movers(players, points, scoring)
        for scoring, points in (before.points if before else {}).items()
    }
    season, scores = _scores(lake, week)
    return Report(
        week=week,
        origin=origin,
        league=league,
        players=order,
        projected=sum(not player.is_out for player in players),
        values=values,
        tiers=tiers_of,
        before=before.as_of if before else None,
        rises={scoring: rises for scoring, (rises, _) in moves.items()},
        falls={scoring: falls for scoring, (_, falls) in moves.items()},
        calls=calls,
        absent=absent(players),
        doubtful=doubtful(players),
        byes=on_bye(players),
        vacated=vacated(players),
        scores=scores,
        scored_season=season,
        corrections=_corrections(lake, week),
        kickoffs=sorted(of_week(games, week)["kickoff"].to_pylist()),
        sources_as_of=_sources(lake, week),
        model=_model(lake, week, origin.inputs),
    )


def read_history(lake: Lake) -> pa.Table:
    """The columns of `PLAYER_HISTORY` that reports need."""
    return lake.read(tables.PLAYER_HISTORY, columns=HISTORY_COLUMNS)


def read_games(lake: Lake, seasons: Collection[int]) -> pa.Table:
    """The columns of `GAMES` that reports of some seasons need."""
    columns = ["season", "week", "kickoff", "home_team", "away_team"]
    return lake.read(tables.GAMES, columns=columns, seasons=seasons)


def players_in(lake: Lake, history: pa.Table, games: pa.Table, week: SeasonWeek) -> list[Player]:
    """All players projected in a week; none in a week without games.

    Args:
        history, games: see `read_history` and `read_games`.

    Raises:
        NotMaterializedError: the week was not projected.
    """
    projections = lake.read(tables.PROJECTIONS, [week])
    if not projections.num_rows:
        return []
    rows = of_week(history, week)
    if not rows.num_rows:
        raise NotMaterializedError(
            f"player_history knows no players of {week}. Materialize player_history first."
        )
    columns = ["player_id", "injury", "practice_status"]
    raw_players = lake.read(tables.RAW_PLAYERS, [week], columns)
    return players_of(projections, rows, raw_players, _kickoffs(games, week))


def _worth(
    listed: Sequence[Player], scoring: Scoring, league: League
) -> tuple[dict[str, float], dict[str, int], dict[str, int]]:
    """Value over replacement and tier of each player, and starters of each position."""
    by_position = {
        position: ranked(listed, position, scoring) for position in tables.FANTASY_POSITIONS
    }
    points = {
        position: [player.points[scoring].expected for player in own]
        for position, own in by_position.items()
    }
    level = replacement(points, league)
    values, tier_of = {}, {}
    for position, own in by_position.items():
        playing = [player for player in own if not player.is_out]
        expected = [player.points[scoring].expected for player in playing]
        for player, tier in zip(playing, tiers(expected), strict=True):
            tier_of[player.player_id] = tier
        for player in own:
            worth = player.points[scoring].expected - level[position]
            values[player.player_id] = round(worth, 2)
    return values, tier_of, starters(points, league)


def _scores(lake: Lake, week: SeasonWeek) -> tuple[int, Scores | None]:
    """Accuracy of the season up to the week; before its first scored week, of the one before."""
    for season in (week.season, week.season - 1):
        table = lake.read(
            tables.PROJECTION_ACCURACY, so_far(lake, tables.PROJECTION_ACCURACY, week, season)
        )
        if (scores := scores_of(table)) is not None:
            return season, scores
    return week.season, None


def _corrections(lake: Lake, week: SeasonWeek) -> list[dict[str, Any]]:
    """Corrections of the latest week of the season that has any, most points first."""
    for earlier in reversed(so_far(lake, tables.STAT_CORRECTIONS, week, week.season)):
        rows: list[dict[str, Any]] = lake.read(tables.STAT_CORRECTIONS, [earlier]).to_pylist()
        if rows:
            rows.sort(key=lambda row: -abs(row["points_difference"] or 0.0))
            return rows[:MOST_CORRECTIONS]
    return []


def so_far(lake: Lake, table: Table, week: SeasonWeek, season: int) -> list[SeasonWeek]:
    """Weeks of a season that a table has, up to a week, in order."""
    return sorted(w for w in lake.weeks(table) if w.season == season and w <= week)


def _kickoffs(games: pa.Table, week: SeasonWeek) -> dict[str, datetime]:
    """Kick-off of each team's game in the week."""
    rows = team_games(of_week(games, week))
    return dict(zip(rows["team"].to_pylist(), rows["kickoff"].to_pylist(), strict=True))


def _model(lake: Lake, week: SeasonWeek, inputs: Iterable[Input]) -> dict[str, Any] | None:
    """Facts of the model that the week's record names: the one in use may have come after it."""
    from fantasy_pipeline.projections.model import artefact

    for item in inputs:
        if item.table == tables.MODEL_PROJECTIONS.name and "model" in item.facts:
            return artefact.facts(lake, week.season, item.facts["model"])
    return None


def _sources(lake: Lake, week: SeasonWeek) -> dict[str, datetime]:
    if not lake.has(tables.SOURCE_PROJECTIONS, week):
        return {}
    rows = lake.read(tables.SOURCE_PROJECTIONS, [week], ["source", "as_of"])
    latest = rows.group_by("source").aggregate([("as_of", "max")]).sort_by("source")
    pairs: Iterable[tuple[str, datetime]] = zip(
        latest["source"].to_pylist(), latest["as_of_max"].to_pylist(), strict=True
    )
    return dict(pairs)
