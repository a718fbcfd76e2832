"""What a week's report says, gathered from the lake's tables; how it looks is in `page`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.scoring import SCORINGS, Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.model import artefact
from fantasy_pipeline.report import store
from fantasy_pipeline.report.absences import Vacated, absent, doubtful, on_bye, vacated
from fantasy_pipeline.report.accuracy import Scores, scores_of
from fantasy_pipeline.report.close_calls import CloseCall, close_calls
from fantasy_pipeline.report.movers import Move, movers
from fantasy_pipeline.report.players import Player, board, players_of, ranked
from fantasy_pipeline.report.rows import ReportRows
from fantasy_pipeline.report.tiers import tiers
from fantasy_pipeline.report.value import League, replacement, starters

if TYPE_CHECKING:
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
    rows: ReportRows,
    state: store.State,
    players: Sequence[Player],
    origin: Origin,
    model: Mapping[str, Any] | None,
) -> Report:
    """Read what a week's report says.

    Args:
        players: all players projected in the week, see `players_in`.
        model: facts of the model that made the projections, see `model_facts`.
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
    season, scores = _scores(rows)
    return Report(
        week=rows.week,
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
        corrections=_corrections(rows),
        kickoffs=sorted(rows.games["kickoff"].to_pylist() if rows.games else []),
        sources_as_of=_sources(rows),
        model=model,
    )


def players_in(rows: ReportRows) -> list[Player]:
    """Return all players projected in a week; none in a week without games.

    Raises:
        NotMaterializedError: player_history has no players of the week.
    """
    if not rows.projections.num_rows:
        return []
    if rows.history is None or not rows.history.num_rows:
        raise NotMaterializedError(
            f"player_history has no players of {rows.week}. Materialize player_history first."
        )
    return players_of(rows.projections, rows.history, rows.raw_players, _kickoffs(rows))


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


def _scores(rows: ReportRows) -> tuple[int, Scores | None]:
    """Return the accuracy of the season up to the week, and the season.

    Before the season's first scored week, that is the season before.
    """
    for season in (rows.week.season, rows.week.season - 1):
        if (scores := scores_of(rows.so_far(rows.accuracy, season))) is not None:
            return season, scores
    return rows.week.season, None


def _corrections(rows: ReportRows) -> list[dict[str, Any]]:
    """Return the corrections of the season's latest corrected week, most points first."""
    season = rows.so_far(rows.corrections, rows.week.season)
    if not season.num_rows:
        return []
    latest: list[dict[str, Any]] = of_week(season, weeks_in(season)[-1]).to_pylist()
    latest.sort(key=lambda row: -abs(row["points_difference"] or 0.0))
    return latest[:MOST_CORRECTIONS]


def so_far(lake: Lake, table: Table, week: SeasonWeek, season: int) -> list[SeasonWeek]:
    """Weeks of a season that a table has, up to a week, in order."""
    return sorted(w for w in lake.weeks(table) if w.season == season and w <= week)


def _kickoffs(rows: ReportRows) -> dict[str, datetime]:
    """Return the kick-off of each team's game in the week."""
    if rows.games is None:
        return {}
    games = team_games(rows.games)
    return dict(zip(games["team"].to_pylist(), games["kickoff"].to_pylist(), strict=True))


def model_facts(lake: Lake, week: SeasonWeek, inputs: Iterable[Input]) -> dict[str, Any] | None:
    """Return facts of the model that projected the week; None if the record names none.

    The model in use now may be newer than the one that the week's record names.
    """
    for item in inputs:
        if item.table == tables.MODEL_PROJECTIONS.name and "model" in item.facts:
            return artefact.facts(lake, week.season, item.facts["model"])
    return None


def _sources(rows: ReportRows) -> dict[str, datetime]:
    """Return the time of each source's latest statement about the week, by source."""
    if rows.source_projections is None:
        return {}
    latest = (
        rows.source_projections.group_by("source").aggregate([("as_of", "max")]).sort_by("source")
    )
    pairs: Iterable[tuple[str, datetime]] = zip(
        latest["source"].to_pylist(), latest["as_of_max"].to_pylist(), strict=True
    )
    return dict(pairs)
