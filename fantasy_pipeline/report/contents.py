"""Gather the contents of a week's report from the lake's tables; `page` lays them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from fantasy_pipeline.checks.news import Contradiction, contradictions
from fantasy_pipeline.decisions.comparison import Stated
from fantasy_pipeline.errors import NotMaterializedError
from fantasy_pipeline.football import tables
from fantasy_pipeline.football.calendar import is_over_by_clock
from fantasy_pipeline.football.positions import DST, PROJECTED_POSITIONS
from fantasy_pipeline.football.scoring import SCORINGS, Scoring
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables.contract import Table
from fantasy_pipeline.football.tables.week_rows import of_week, weeks_in
from fantasy_pipeline.football.team_games import team_games
from fantasy_pipeline.ingest.projection_record import as_known_at
from fantasy_pipeline.lake import Lake
from fantasy_pipeline.projections.model import artefact
from fantasy_pipeline.projections.team_defense import POINTS
from fantasy_pipeline.report import store
from fantasy_pipeline.report.absences import Vacated, absent, doubtful, on_bye, vacated
from fantasy_pipeline.report.accuracy import SeasonAccuracy, season_accuracy
from fantasy_pipeline.report.background import Background, background
from fantasy_pipeline.report.close_calls import CloseCall, close_calls
from fantasy_pipeline.report.movers import Move, movers
from fantasy_pipeline.report.news import NewsItem, latest_news
from fantasy_pipeline.report.players import Player, listed_players, players_of, ranked
from fantasy_pipeline.report.rows import ReportRows
from fantasy_pipeline.report.tiers import tiers
from fantasy_pipeline.report.value import League, replacement, starters

MAX_CORRECTIONS = 12


@dataclass(frozen=True)
class Input:
    """A table behind the report: its weeks, when and by which run it was created, and details.

    Args:
        weeks: weeks that the report shows; empty for a table without weeks.
        made_at, run_id, facts: those of the week that was created last.
    """

    table: str
    weeks: Sequence[SeasonWeek]
    made_at: datetime
    run_id: str
    facts: Mapping[str, str]


@dataclass(frozen=True)
class Origin:
    """The origin of a report's data.

    Args:
        label: description of the data if they are synthetic; None for real data.
        as_of: the moment that the run stands for; the report uses nothing published later.
        run_id: id of the run that made the report.
        run_url: URL in the Dagster UI to which a run's id is appended; empty if not known.
    """

    label: str | None
    as_of: datetime
    run_id: str
    run_url: str
    inputs: Sequence[Input] = ()


@dataclass(frozen=True)
class Report:
    """The contents of a report.

    Args:
        players: listed players, best value first; players who are out come last.
        projected: number of the week's players projected to play, including unlisted ones.
        values: value over replacement by scoring and player id, in points.
        tiers: tier by scoring and player id; players who are out have none.
        before: as-of moment of the projections that `rises` and `falls` compare with; None: the
            report is the week's first.
        rises, falls: movers by scoring, biggest first; only scorings that the previous refresh
            stored.
        calls: close start/sit calls by scoring.
        absent: relevant players who will not play, most missed first, without byes.
        doubtful: relevant players who may not play, by points, most first.
        byes: teams without a game, each with its most missed players (may be empty).
        vacated: usage that absent players leave, by team, most first.
        accuracy: accuracy in `accuracy_season` up to the week; None: no week has been scored.
        corrections: `STAT_CORRECTIONS` rows of the latest corrected week up to this one.
        kickoffs: kick-offs of the week's games, in order.
        sources_as_of: the last update for the week, by source of projections.
        model: facts of the model that made the week's projections; None: not known.
        background: latest games and rest of the season of the listed players.
        contradictions: players whose injury report the latest news contradict.
        news: latest news about listed players, newest first.
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
    accuracy: SeasonAccuracy | None
    accuracy_season: int
    corrections: Sequence[Mapping[str, Any]]
    kickoffs: Sequence[datetime]
    sources_as_of: Mapping[str, datetime]
    model: Mapping[str, Any] | None
    background: Background = field(default_factory=Background)
    contradictions: Sequence[Contradiction] = ()
    news: Sequence[NewsItem] = ()

    @property
    def played(self) -> bool:
        """True if actual points are known."""
        return any(player.actual for player in self.players)

    @property
    def is_over(self) -> bool:
        """True if every game was over at the report's moment."""
        return self.games_over == len(self.kickoffs)

    @property
    def games_over(self) -> int:
        """Number of games that were over at the report's moment."""
        return sum(is_over_by_clock(kickoff, self.origin.as_of) for kickoff in self.kickoffs)


def gather(
    rows: ReportRows,
    state: store.State,
    players: Sequence[Player],
    origin: Origin,
    model: Mapping[str, Any] | None,
) -> Report:
    """Return the contents of a week's report.

    Args:
        rows: the lake's rows behind the report.
        state: the projected points of this refresh and of the previous one.
        players: all players projected in the week, see `players_in`.
        model: facts of the model that made the projections, see `model_facts`.
    """
    league = League()
    listed = listed_players(players, league.teams)
    valued = {scoring: _values_and_tiers(listed, scoring, league) for scoring in SCORINGS}
    values = {scoring: valued[scoring].values for scoring in SCORINGS}
    # A report as of an earlier moment does not compare with a later refresh.
    before = state.before if state.before and state.before.as_of <= origin.as_of else None
    rises, falls = _moves(players, before)
    season, accuracy = _accuracy(rows)
    return Report(
        week=rows.week,
        origin=origin,
        league=league,
        players=sorted(listed, key=lambda p: (p.is_out, -values["ppr"][p.player_id], p.player_id)),
        projected=sum(not player.is_out for player in players),
        values=values,
        tiers={scoring: valued[scoring].tiers for scoring in SCORINGS},
        before=before.as_of if before else None,
        rises=rises,
        falls=falls,
        calls={s: _calls(players, valued[s].starters, s) for s in SCORINGS},
        absent=absent(players),
        doubtful=doubtful(players),
        byes=on_bye(players),
        vacated=vacated(players),
        accuracy=accuracy,
        accuracy_season=season,
        corrections=_corrections(rows),
        kickoffs=sorted(rows.games["kickoff"].to_pylist() if rows.games else []),
        sources_as_of=_sources(rows),
        model=model,
        background=background(rows, [player.player_id for player in listed]),
        contradictions=[] if rows.news is None else contradictions(rows.news, rows.raw_players),
        news=[] if rows.news is None else latest_news(rows.news, listed),
    )


def _calls(
    players: Sequence[Player], starters_of: Mapping[str, int], scoring: Scoring
) -> list[CloseCall]:
    """Return the close calls by the starters of each position, without kickers and defences."""
    return [
        call
        for position in PROJECTED_POSITIONS
        if position not in ("K", DST)
        for call in close_calls(players, position, starters_of[position], scoring)
    ]


def _moves(
    players: Sequence[Player], before: store.Refresh | None
) -> tuple[dict[Scoring, list[Move]], dict[Scoring, list[Move]]]:
    """Return rises and falls since the previous refresh, by scoring that it stored."""
    moves = {
        scoring: movers(players, points, scoring)
        for scoring, points in (before.points if before else {}).items()
    }
    return (
        {scoring: rises for scoring, (rises, _) in moves.items()},
        {scoring: falls for scoring, (_, falls) in moves.items()},
    )


def players_in(rows: ReportRows) -> list[Player]:
    """Return all players projected in a week; none for a week without games.

    Raises:
        NotMaterializedError: player_history has no players of the week.
    """
    if not rows.projections.num_rows:
        return []
    if rows.history is None or not rows.history.num_rows:
        raise NotMaterializedError(
            f"player_history {rows.week}: no rows. Materialize player_history first."
        )
    points: dict[str, float] = {}
    if rows.defences is not None:
        columns = (rows.defences[name].to_pylist() for name in ("player_id", POINTS))
        points = dict(zip(*columns, strict=True))
    return players_of(
        rows.projections,
        rows.history,
        rows.raw_players,
        _of_teams(rows, "kickoff"),
        points,
        _of_teams(rows, "spread_line"),
        _stated(rows),
    )


def _stated(rows: ReportRows) -> dict[str, dict[str, Stated]]:
    """Return what each source states, by player id and source: half-PPR where it has that."""
    found: dict[str, dict[str, Stated]] = {}
    if rows.source_projections is not None:
        for row in as_known_at(rows.source_projections).to_pylist():
            for scoring in ("half", "ppr", "std"):
                points = row[f"points_{scoring}"]
                if points is not None:
                    of_player = found.setdefault(row["player_id"], {})
                    of_player.setdefault(row["source"], Stated(points, scoring))
    return found


class _Valued(NamedTuple):
    """Value over replacement (points) and tier by player id, and starters by position."""

    values: dict[str, float]
    tiers: dict[str, int]
    starters: dict[str, int]


def _values_and_tiers(listed: Sequence[Player], scoring: Scoring, league: League) -> _Valued:
    """Return the values and tiers of the listed players in one scoring."""
    by_position = {position: ranked(listed, position, scoring) for position in PROJECTED_POSITIONS}
    points = {
        position: [player.points[scoring].expected for player in of_position]
        for position, of_position in by_position.items()
    }
    replacement_level = replacement(points, league)
    values, tier_of = {}, {}
    for position, of_position in by_position.items():
        playing = [player for player in of_position if not player.is_out]
        expected = [player.points[scoring].expected for player in playing]
        for player, tier in zip(playing, tiers(expected), strict=True):
            tier_of[player.player_id] = tier
        for player in of_position:
            value = player.points[scoring].expected - replacement_level[position]
            values[player.player_id] = round(value, 2)
    return _Valued(values, tier_of, starters(points, league))


def _accuracy(rows: ReportRows) -> tuple[int, SeasonAccuracy | None]:
    """Return a season and its accuracy up to the week.

    Before a season's first scored week, this is the season before.
    """
    for season in (rows.week.season, rows.week.season - 1):
        if (accuracy := season_accuracy(rows.so_far(rows.accuracy, season))) is not None:
            return season, accuracy
    return rows.week.season, None


def _corrections(rows: ReportRows) -> list[dict[str, Any]]:
    """Return the corrections of the season's latest corrected week, most points first."""
    season = rows.so_far(rows.corrections, rows.week.season)
    if not season.num_rows:
        return []
    latest: list[dict[str, Any]] = of_week(season, weeks_in(season)[-1]).to_pylist()
    latest.sort(key=lambda row: -abs(row["points_difference"] or 0.0))
    return latest[:MAX_CORRECTIONS]


def so_far(lake: Lake, table: Table, week: SeasonWeek, season: int) -> list[SeasonWeek]:
    """Return the stored weeks of a table in a season, up to a week, in order."""
    return sorted(w for w in lake.weeks(table) if w.season == season and w <= week)


def _of_teams(rows: ReportRows, column: str) -> dict[str, Any]:
    """Return a column of `team_games` for each team's game in the week."""
    if rows.games is None:
        return {}
    games = team_games(rows.games)
    return dict(zip(games["team"].to_pylist(), games[column].to_pylist(), strict=True))


def model_facts(lake: Lake, week: SeasonWeek, inputs: Iterable[Input]) -> dict[str, Any] | None:
    """Return the facts of the model that the week's record names; None if it names none.

    A newer model may be in use by now.
    """
    for item in inputs:
        if item.table == tables.MODEL_PROJECTIONS.name and "model" in item.facts:
            return artefact.facts(lake, week.season, item.facts["model"])
    return None


def _sources(rows: ReportRows) -> dict[str, datetime]:
    """Return the last update for the week, by source of projections."""
    if rows.source_projections is None:
        return {}
    latest = (
        rows.source_projections.group_by("source").aggregate([("as_of", "max")]).sort_by("source")
    )
    pairs: Iterable[tuple[str, datetime]] = zip(
        latest["source"].to_pylist(), latest["as_of_max"].to_pylist(), strict=True
    )
    return dict(pairs)
