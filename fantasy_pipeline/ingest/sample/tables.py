"""The sample league as tables in upstream's contracts (`sources/schema.py`).

Functions take `all_players`, the table of all players by player number that `people` returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, timezone
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.football.tables import LIST_COLUMNS, STAT_COLUMNS
from fantasy_pipeline.ingest.sample.draws import Array, Bools, Topic, stream
from fantasy_pipeline.ingest.sample.games import offensive_plays
from fantasy_pipeline.ingest.sample.health import GAME_STATUS, INJURIES, PRACTICE, Report
from fantasy_pipeline.ingest.sample.outlook import by_position
from fantasy_pipeline.ingest.sample.players import Players
from fantasy_pipeline.ingest.sample.present import SAMPLE_NOW, SEASONS
from fantasy_pipeline.ingest.sample.projections import LEAST_POINTS, project
from fantasy_pipeline.ingest.sample.schedule import (
    LAST_REGULAR_WEEK,
    TEAMS,
    Fixture,
    eastern_date,
    sunday_of,
)
from fantasy_pipeline.ingest.sample.season import Season, Week
from fantasy_pipeline.ingest.sources import schema

Part: TypeAlias = tuple[Week, Bools, dict[str, Array]]
"""Rows of one week: the week, a mask of its players and their columns, all sides x places."""
_DOMES = ("DET", "LA", "LAC", "LV", "MIN", "NO")
_ROOFS_THAT_OPEN = ("ARI", "ATL", "DAL", "HOU", "IND")
_GRASS = ("ARI", "BAL", "CHI", "CLE", "DEN", "GB", "JAX", "KC", "LV", "MIA", "PHI", "PIT", "TB")
_WARM = ("JAX", "MIA", "SF", "TB")
_STATUS_DETAIL = {"ACT": "A01", "DEV": "P01", "INA": "I01", "RES": "R01"}
_ID_PREFIXES = {
    "esb_id": "SMP",
    "sleeper_id": "s-sl-",
    "espn_id": "s-es-",
    "yahoo_id": "s-ya-",
    "fantasypros_id": "s-fp-",
    "mfl_id": "s-mf-",
}
_LATE_IDS = ("sleeper_id", "yahoo_id", "mfl_id")
"""Ids that many rookies of the current season lack."""


def people(league: Players) -> pa.Table:
    """Return names, dates of birth, heights, weights and all ids, one row per player."""
    rng = stream(Topic.IDS)
    columns: dict[str, Sequence[object]] = {
        "player_id": league.ids("SAMPLE-"),
        "player_name": league.names,
        "position": league.position,
        "depth_chart_position": league.position,
        "birth_date": league.birth_date,
        "height": league.height,
        "weight": league.weight,
        "rookie_season": league.rookie_season,
        "draft_pick": [pick or None for pick in league.draft_pick],
        "pfr_id": league.pfr_id,
        "esb_id": league.ids(_ID_PREFIXES["esb_id"]),
    }
    for name in schema.PLAYER_IDS.column_names:
        if name in _ID_PREFIXES:
            chance = rng.random(len(league))
            late = [s == SEASONS[-1] and name in _LATE_IDS for s in league.rookie_season]
            columns[name] = [
                identity if draw >= (0.4 if is_late else 0.04) else None
                for identity, draw, is_late in zip(
                    league.ids(_ID_PREFIXES[name]), chance, late, strict=True
                )
            ]
    return pa.table(columns)


def player_ids(all_players: pa.Table) -> pa.Table:
    """Return ids of the fantasy platforms, one row per player but offensive linemen."""
    return schema.PLAYER_IDS.conform(
        all_players.filter(pc.not_equal(all_players["position"], "OT"))
    )


def market_values(all_players: pa.Table) -> pa.Table:
    """Return market values, one row per player of the positions that line-ups start.

    Early picks are worth most, and quarterbacks more where line-ups may start two.
    """
    # Upstream's file names players by this id.
    listed = all_players.filter(pc.is_valid(all_players["fantasypros_id"]))
    known = listed.filter(pc.is_in(listed["position"], pa.array(["QB", "RB", "WR", "TE"])))
    picks = pc.fill_null(known["draft_pick"], 260).to_numpy()
    value = np.round(10_000 * np.exp(-picks / 60)).astype(int) + 100
    passes = pc.equal(known["position"], "QB").to_numpy()
    columns = {
        "value_1qb": pa.array(value),
        "value_2qb": pa.array(np.where(passes, 2 * value, value)),
        "scraped_on": pa.array([SAMPLE_NOW.date()] * known.num_rows),
    }
    for name, column in columns.items():
        known = known.append_column(name, column)
    return schema.MARKET_VALUES.conform(known)


def players(all_players: pa.Table) -> pa.Table:
    """Return all players, one row per player."""
    return schema.PLAYERS.conform(all_players)


def schedule(seasons: Iterable[Season]) -> pa.Table:
    """Return the schedule, one row per game.

    Games that are played have scores and weather; games whose line-ups exist have betting lines.
    """
    rows = [row for season in seasons for row in _games(season)]
    return schema.SCHEDULE.conform(pa.Table.from_pylist(rows))


def weekly_stats(season: Season, all_players: pa.Table) -> pa.Table:
    """Return stat lines, one row per player-week with at least one stat that is not 0."""
    names = [column.name for column in STAT_COLUMNS]
    points = ["fantasy_points", "fantasy_points_ppr"]
    lists = [column.name for column in LIST_COLUMNS]
    parts: list[Part] = []
    for week in season.weeks:
        if week.played is not None:
            box = week.played.box
            did = np.any([box[name] != 0 for name in names], axis=0)
            # + 0.0 turns counts into floats, and -0.0 into 0.0.
            values = {name: box[name] + 0.0 for name in names + points}
            parts.append((week, did, values | {name: box[name] for name in lists}))
    table = _rows(all_players, parts)
    post = np.asarray(table["week"]) > LAST_REGULAR_WEEK
    table = table.append_column("season_type", pa.array(np.where(post, "POST", "REG")))
    longest = pa.array(np.asarray(table["fg_long"]), mask=np.asarray(table["fg_made"]) == 0)
    table = table.set_column(table.column_names.index("fg_long"), "fg_long", longest)
    return schema.WEEKLY_STATS.conform(table)


def weekly_rosters(season: Season, all_players: pa.Table) -> pa.Table:
    """Return rosters, one row per player and week played; a team on a bye has none."""
    parts: list[Part] = []
    for week in season.weeks:
        if week.played is not None:
            status = np.select(
                [week.on_squad, week.report == Report.RESERVE, ~week.active],
                ["DEV", "RES", "INA"],
                "ACT",
            )
            detail = np.vectorize(_STATUS_DETAIL.__getitem__)(status)
            everyone = np.ones(status.shape, dtype=bool)
            parts.append((week, everyone, {"status": status, "status_detail": detail}))
    return schema.WEEKLY_ROSTERS.conform(_rows(all_players, parts))


def injuries(season: Season, all_players: pa.Table) -> pa.Table:
    """Return injury reports, one row per player and week on a report.

    Reports are dated two days before the game, or 12 hours before `SAMPLE_NOW` if that is earlier.
    """
    status = np.array([GAME_STATUS.get(report) for report in Report])
    injury = np.array([*INJURIES, None])
    parts: list[Part] = []
    for week in season.weeks:
        listed = (week.report >= Report.LISTED) & (week.report <= Report.OUT) & ~week.on_squad
        practice_only = week.report == Report.LISTED
        rng = stream(Topic.REPORTS, week.sides.season, week.sides.week)
        minutes = rng.integers(0, 120, listed.shape)
        latest = SAMPLE_NOW - timedelta(hours=12)
        kickoffs = [fixture.kickoff for fixture in week.fixtures] * 2
        filed = [min(kickoff - timedelta(days=2), latest) for kickoff in kickoffs]
        modified = np.array([moment.replace(tzinfo=None) for moment in filed], "datetime64[us]")
        values = {
            "injury_status": status[week.report],
            "injury": injury[np.where(practice_only, -1, week.injury)],
            "practice_injury": injury[week.injury],
            "practice_status": np.array(PRACTICE)[week.practice],
            "modified_at": modified[:, None] + minutes * np.timedelta64(1, "m"),
        }
        parts.append((week, listed, values))
    table = _rows(all_players, parts)
    return schema.INJURIES.conform(_as_utc(table, "modified_at"))


def snap_counts(season: Season, all_players: pa.Table) -> pa.Table:
    """Return snaps by unit, one row per player on the field."""
    others = np.array(by_position(0, K=1, DE=1, LB=1, CB=1, S=1)) > 0
    special_teams = np.array(by_position(0, RB=4, WR=3, TE=6, K=9, DE=2, LB=14, CB=8, S=10))
    defence = np.array(by_position(0.0, DE=0.72, LB=0.88, CB=0.94, S=0.98))
    parts: list[Part] = []
    for week in season.weeks:
        if week.played is not None:
            count = week.played.snaps
            against = week.sides.foes(offensive_plays(week.played.box))
            values = {
                "offense_snaps": count,
                "snap_share": week.played.snap_share,
                "st_snaps": week.active * special_teams,
                "defense_snaps": np.rint(week.active * defence * against[:, None]).astype(int),
            }
            parts.append((week, week.active & (others | (count > 0)), values))
    return schema.SNAP_COUNTS.conform(_rows(all_players, parts))


def nflcom_projections(season: Season, all_players: pa.Table) -> pa.Table:
    """Return projections of the regular season, one row per player-week.

    They are dated the Friday before the games, or an hour before `SAMPLE_NOW` if that is earlier.
    """
    parts: list[Part] = []
    for week in season.weeks:
        if week.sides.week <= LAST_REGULAR_WEEK:
            points = project(week, all_players.num_rows)
            friday = sunday_of(week.sides.season, week.sides.week) - timedelta(days=2)
            as_of = min(
                datetime.combine(friday, time(16), timezone.utc), SAMPLE_NOW - timedelta(hours=1)
            )
            saved = np.full(points.shape, as_of.replace(tzinfo=None), "datetime64[us]")
            fantasy = np.array(by_position(0, QB=1, RB=1, WR=1, TE=1, K=1)) > 0
            values = {"points_half": points, "as_of": saved}
            parts.append((week, fantasy & (points >= LEAST_POINTS), values))
    table = _as_utc(_rows(all_players, parts), "as_of")
    table = table.append_column("line_points", pa.nulls(table.num_rows, pa.float64()))
    return schema.NFLCOM_PROJECTIONS.conform(table.append_column("name", table["player_name"]))


def _rows(all_players: pa.Table, parts: Sequence[Part]) -> pa.Table:
    """Return one row per player in the parts' masks.

    Columns are season, week, team, opponent, the parts' columns, and all columns of `all_players`.
    """
    codes = np.array(TEAMS)
    collected: dict[str, list[Array]] = {}
    for week, picked, values in parts:
        sides, shape = week.sides, picked.shape
        arrays = {
            "player": sides.players,
            "season": np.full(shape, sides.season),
            "week": np.full(shape, sides.week),
            "team": np.broadcast_to(codes[sides.team][:, None], shape),
            "opponent": np.broadcast_to(codes[sides.foes(sides.team)][:, None], shape),
            **values,
        }
        for name, value in arrays.items():
            collected.setdefault(name, []).append(value[picked])
    columns = {name: np.concatenate(values) for name, values in collected.items()}
    table = all_players.take(pa.array(columns.pop("player")))
    for name, value in columns.items():
        table = table.append_column(name, pa.array(value, from_pandas=False))
    return table


def _as_utc(table: pa.Table, name: str) -> pa.Table:
    """Return the table with the zone UTC for a column of times without a zone."""
    moments = pc.assume_timezone(table[name].cast(pa.timestamp("us")), "UTC")
    return table.set_column(table.column_names.index(name), name, moments)


def _games(season: Season) -> list[dict[str, object]]:
    """Return the schedule rows of a season, in order of kick-offs."""
    weeks = {week.sides.week: week for week in season.weeks}
    rows = []
    last_game: dict[int, date] = {}
    for fixture in sorted(season.fixtures, key=lambda game: game.kickoff):
        day = eastern_date(fixture.kickoff)
        teams = (fixture.home, fixture.away)
        rest = [(day - last_game[t]).days if t in last_game else 7 for t in teams]
        last_game.update(dict.fromkeys(teams, day))
        week = weeks.get(fixture.week)
        rows.append(
            {
                "season": fixture.season,
                "week": fixture.week,
                "game_id": fixture.game_id,
                "game_type": fixture.game_type,
                "kickoff": fixture.kickoff,
                "home_team": TEAMS[fixture.home],
                "away_team": TEAMS[fixture.away],
                "home_rest": rest[0],
                "away_rest": rest[1],
                "div_game": fixture.home // 4 == fixture.away // 4,
                "neutral_site": fixture.is_neutral,
                **_result(fixture, week),
                **_venue(fixture, is_played=week is not None and week.played is not None),
            }
        )
    return rows


def _result(fixture: Fixture, week: Week | None) -> dict[str, float | None]:
    """Return the score and the closing lines of a game; null where they do not exist."""
    row: dict[str, float | None] = dict.fromkeys(
        (
            *("home_score", "away_score", "spread_line", "total_line"),
            *("home_moneyline", "away_moneyline"),
        )
    )
    if week is None:
        return row
    home = week.fixtures.index(fixture)
    away = home + len(week.fixtures)
    first, second = week.outlook.points[home], week.outlook.points[away]
    rng = stream(Topic.LINES, fixture.season, fixture.week)
    errors = rng.normal(0, 1.5, (len(TEAMS), 2))[fixture.home]
    row["spread_line"] = round(2 * float(first - second + errors[0])) / 2
    row["total_line"] = round(2 * float(first + second + errors[1])) / 2
    if week.played is not None:
        row["home_score"] = int(week.played.score[home])
        row["away_score"] = int(week.played.score[away])
    return row


def _venue(fixture: Fixture, is_played: bool) -> dict[str, object]:
    """Return stadium, roof and weather; a game to come has neither weather nor a movable roof."""
    team = TEAMS[fixture.home]
    # One draw per team, so that the weather of a home game does not depend on the other games.
    rng = stream(Topic.WEATHER, fixture.season, fixture.week)
    chance, heat, wind = (values[fixture.home] for values in rng.random((3, len(TEAMS))))
    roof: str | None = "outdoors"
    if team in _DOMES:
        roof = "dome"
    elif team in _ROOFS_THAT_OPEN:
        roof = ("closed" if chance < 0.7 else "open") if is_played else None
    row: dict[str, object] = {
        "stadium": f"Sample Stadium {team}",
        "roof": roof,
        "surface": "grass" if team in _GRASS else "fieldturf",
        "temp": None,
        "wind": None,
    }
    if roof == "outdoors" and is_played:
        winter = 76 - 2.4 * fixture.week + (12 if team in _WARM else 0)
        row["temp"] = round(winter + 24 * (float(heat) - 0.5))
        row["wind"] = round(16 * float(wind))
    return row
