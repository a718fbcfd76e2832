"""Test the tables of ten and a half real seasons: totals, joins, and known special cases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from fantasy_pipeline.errors import NotPublishedError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import PLAYER_HISTORY
from fantasy_pipeline.football.teams import CURRENT_CODE
from fantasy_pipeline.ingest.download.transport import Transport
from fantasy_pipeline.ingest.players import raw_players
from fantasy_pipeline.ingest.sites.nflcom import nflcom_projections
from fantasy_pipeline.ingest.sources.canonical import NO_PLAYER
from fantasy_pipeline.ingest.sources.nflverse import Nflverse
from fantasy_pipeline.ingest.stats import point_differences, unplayed_games, weekly_stats
from fantasy_pipeline.ingest.team_defense import team_defense_stats
from fantasy_pipeline.lake.duck import database
from fantasy_pipeline.leagues.team_defence import with_standard_points
from fantasy_pipeline.projections.history import player_history
from fantasy_pipeline.projections.model.training import Model
from fantasy_pipeline.projections.model_projections import model_projections
from fantasy_pipeline_tests.real_lake import ROSTERS, STATS
from fantasy_pipeline_tests.system.replay import overlay

pytestmark = pytest.mark.real

SEASONS = range(2015, 2026)
ROSTER_SEASONS = range(2021, 2026)
LAST_WEEK = {2025: 4}
TEAMS = 32


class Season:
    """The tables of one season."""

    def __init__(self, source: Nflverse, games: pa.Table, season: int) -> None:
        season_games = games.filter(pc.equal(games["season"], season))
        weeks = sorted(set(season_games["week"].to_pylist()))
        self.weeks = [week for week in weeks if week <= LAST_WEEK.get(season, 22)]
        self.players, self.player_warnings = raw_players(source, games, season, self.weeks)
        self.stats = weekly_stats(source, games, self.players, season, self.weeks)
        answer = nflcom_projections(source, self.players, season, self.weeks)
        [self.projected], self.projected_warnings = answer.parts, answer.warnings
        self.nflcom_rows = (
            source.nflcom_projections(season, self.weeks).num_rows if season >= 2021 else 0
        )


class League:
    """All seasons; each is built when a test first needs it."""

    def __init__(self, source: Nflverse) -> None:
        self.source = source
        self.games = source.schedule()
        self._seasons: dict[int, Season] = {}

    def __getitem__(self, season: int) -> Season:
        if season not in self._seasons:
            self._seasons[season] = Season(self.source, self.games, season)
        return self._seasons[season]


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Nflverse]:
    def build(mirror: Path, source: Any = "auto") -> Nflverse:
        return Nflverse(Transport(tmp_path_factory.mktemp("cache"), str(mirror)), source)

    return build


@pytest.fixture(scope="module")
def league(nfl_mirror: Path, adapter: Callable[..., Nflverse]) -> League:
    return League(adapter(nfl_mirror))


def where(table: pa.Table, **values: Any) -> list[dict[str, Any]]:
    """Return the rows in which these columns have these values."""
    for name, value in values.items():
        table = table.filter(pc.equal(table[name], value))
    return table.to_pylist()


def only(table: pa.Table, **values: Any) -> dict[str, Any]:
    [row] = where(table, **values)
    return row


def per_week(table: pa.Table) -> dict[int, int]:
    counts = table.group_by("week").aggregate([([], "count_all")])
    return dict(zip(counts["week"].to_pylist(), counts["count_all"].to_pylist(), strict=True))


def keys(table: pa.Table, *names: str) -> set[tuple[Any, ...]]:
    return set(zip(*(table[name].to_pylist() for name in names), strict=True))


# Totals


@pytest.mark.parametrize("season", SEASONS)
def test_points_and_rows_are_upstreams(league: League, nfl_mirror: Path, season: int) -> None:
    """Read the file of the new release without this project's code."""
    columns = ["week", "fantasy_points", "fantasy_points_ppr"]
    upstream = pq.read_table(nfl_mirror / STATS.format(season=season), columns=columns)
    stats = league[season].stats
    assert per_week(stats) == per_week(upstream)
    for name in columns[1:]:
        assert pc.sum(stats[name]).as_py() == pytest.approx(
            pc.sum(upstream[name]).as_py(), abs=0.01
        )
    assert stats.num_rows > 4000


@pytest.mark.parametrize("season", SEASONS)
def test_points_are_upstreams_in_every_row(league: League, season: int) -> None:
    stats = league[season].stats
    assert point_differences(stats) == []
    for name in ("fantasy_points", "fantasy_points_ppr"):
        gap = pc.abs(pc.subtract(stats[name], stats[f"upstream_{name}"]))
        assert gap.null_count == 0
        assert pc.max(gap).as_py() < 0.01


@pytest.mark.parametrize("season", SEASONS)
def test_every_game_has_stats(league: League, season: int) -> None:
    tables = league[season]
    assert unplayed_games(league.games, tables.stats, season, tables.weeks) == []


def test_penalties_of_nobody_are_kept(league: League) -> None:
    unnamed = [
        len(where(league[season].stats, player_id=NO_PLAYER)) for season in range(2021, 2026)
    ]
    assert sum(unnamed) > 80
    assert all(
        count <= len(league[season].weeks)
        for season, count in zip(range(2021, 2026), unnamed, strict=True)
    )


def test_kickers_score(league: League) -> None:
    kickers = where(league[2024].stats, position="K", week=1)
    assert len(kickers) >= 30
    assert all(row["fantasy_points_ppr"] < 6 for row in kickers)
    assert sum(row["kicking_points"] for row in kickers) / len(kickers) > 5


# Teams of players


@pytest.mark.parametrize("season", ROSTER_SEASONS)
def test_everybody_on_a_roster_is_there(league: League, nfl_mirror: Path, season: int) -> None:
    roster = pq.read_table(
        nfl_mirror / ROSTERS.format(season=season), columns=["week", "gsis_id", "team"]
    )
    roster = roster.filter(
        pc.and_(
            pc.and_(pc.is_valid(roster["gsis_id"]), pc.not_equal(roster["gsis_id"], "")),
            pc.less_equal(roster["week"], max(league[season].weeks)),
        )
    )
    missing = keys(roster, "week", "gsis_id") - keys(league[season].players, "week", "player_id")
    assert missing == set()
    assert roster.num_rows > 8000


@pytest.mark.parametrize("season", SEASONS)
def test_nobody_is_there_twice(league: League, season: int) -> None:
    players = league[season].players
    assert len(keys(players, "week", "player_id")) == players.num_rows


@pytest.mark.parametrize("season", SEASONS)
def test_everybody_who_played_is_there(league: League, season: int) -> None:
    played = keys(league[season].stats, "week", "player_id", "player_name")
    listed = keys(league[season].players, "week", "player_id")
    missing = {row for row in played if row[:2] not in listed and row[1] != NO_PLAYER}
    assert missing == set()


@pytest.mark.parametrize("season", SEASONS)
def test_teams_have_todays_codes(league: League, season: int) -> None:
    for table in (league[season].players, league[season].stats):
        for name in ("team", "opponent"):
            codes = set(table[name].to_pylist()) - {None}
            assert len(codes) == TEAMS
            assert not codes & set(CURRENT_CODE)


@pytest.mark.parametrize("season", range(2021, 2025))
def test_every_team_has_one_bye(league: League, season: int) -> None:
    players = league[season].players
    # Team defences follow from the schedule.
    players = players.filter(pc.not_equal(players["position"], "DST"))
    regular = players.filter(pc.and_(players["on_bye"], pc.less_equal(players["week"], 18)))
    byes = keys(regular, "week", "team")
    if season == 2022:
        # The cancelled game: a week without it, although its rosters were published.
        cancelled = {(17, "BUF"), (17, "CIN")}
        assert cancelled < byes
        byes -= cancelled
        regular = regular.filter(pc.less(regular["week"], 17))
    assert len(byes) == len({team for _, team in byes}) == TEAMS
    assert set(regular["roster_source"].to_pylist()) == {"carried_forward"}


@pytest.mark.parametrize("season", range(2015, 2021))
def test_a_season_without_rosters_has_a_warning(league: League, season: int) -> None:
    tables = league[season]
    sources = set(tables.players["roster_source"].to_pylist())
    assert sources == {"carried_forward", "schedule", "stats"}
    assert (
        sum(text.startswith(f"weekly_rosters {season}: ") for text in tables.player_warnings) == 2
    )


@pytest.mark.parametrize("season", SEASONS)
def test_measures_are_of_people(league: League, season: int) -> None:
    players = league[season].players
    assert 100 < pc.min(players["weight"]).as_py() < pc.max(players["weight"]).as_py() < 500
    assert 60 < pc.min(players["height"]).as_py() < pc.max(players["height"]).as_py() < 84


def test_snaps_are_found(league: League) -> None:
    """Nearly all players with a stat line for passes, runs or catches have a snap share."""
    for season in SEASONS:
        stats, players = league[season].stats, league[season].players
        touched = stats.filter(pc.greater(pc.add(stats["carries"], stats["targets"]), 0))
        shares = dict(
            zip(
                zip(players["week"].to_pylist(), players["player_id"].to_pylist(), strict=True),
                players["snap_share"].to_pylist(),
                strict=True,
            )
        )
        found = [shares.get(key) is not None for key in keys(touched, "week", "player_id")]
        assert sum(found) / len(found) > 0.97
        measured = [share for share in shares.values() if share is not None]
        assert 0 <= min(measured) <= max(measured) <= 1


# NFL.com


@pytest.mark.parametrize("season", ROSTER_SEASONS)
def test_nflcom_joins(league: League, season: int) -> None:
    tables = league[season]
    assert tables.nflcom_rows > 1000
    assert tables.projected.num_rows / tables.nflcom_rows > 0.97
    points = tables.projected["points_half"]
    assert 0 < pc.min(points).as_py() < pc.max(points).as_py() < 45


def test_weeks_that_nflcom_lacks_have_a_warning(league: League) -> None:
    assert "nflcom_projections 2023: no file for week 18, 19, 20, 21, 22" in (
        league[2023].projected_warnings
    )
    assert league[2015].projected_warnings == ["nflcom_projections 2015: upstream begins with 2021"]


# Players and weeks known by name


@pytest.mark.parametrize("season", [2021, 2022, 2023, 2024])
def test_the_best_team_of_each_conference_waits_before_its_next_game_is_known(
    league: League, season: int
) -> None:
    """The schedule of the Tuesday before the wild-card games ends with these games."""
    games = league.games
    scheduled = games.filter(
        pc.or_(pc.less(games["season"], season), pc.less_equal(games["week"], 19))
    )
    table, _ = raw_players(league.source, scheduled, season, [19])
    whole = where(league[season].players, week=19)
    byes = {player["team"] for player in whole if player["on_bye"]}
    assert len(byes) == 2
    assert {row["team"] for row in where(table, on_bye=True)} == byes
    assert table.num_rows == len(whole)


def test_ertz_played_for_one_team_and_was_out_for_another(league: League) -> None:
    week = {"week": 6, "player_name": "Zach Ertz"}
    line = only(league[2021].stats, **week)
    assert (line["team"], line["opponent"], line["fantasy_points_ppr"]) == ("PHI", "TB", 12.9)
    player = only(league[2021].players, **week)
    assert (player["team"], player["injury_status"], player["offense_snaps"]) == ("PHI", None, 46)
    report = league.source.injuries(2021)
    assert where(report, week=6, player_id=player["player_id"])[0]["team"] == "ARI"
    assert only(league[2021].players, week=7, player_name="Zach Ertz")["team"] == "ARI"


def test_mccaffrey_is_on_two_reports_and_listed_once(league: League) -> None:
    player = only(league[2022].players, week=7, player_name="Christian McCaffrey")
    assert player["team"] == "SF"
    assert player["practice_status"] == "Limited"
    reports = where(league.source.injuries(2022), week=7, player_id=player["player_id"])
    assert {report["team"] for report in reports} == {"CAR", "SF"}
    # He was traded before his old team's bye, and plays all 18 weeks.
    weeks = where(league[2022].stats, player_name="Christian McCaffrey", season_type="REG")
    assert len(weeks) == 17
    assert {row["team"] for row in weeks} == {"CAR", "SF"}


def test_hunter_is_a_receiver(league: League) -> None:
    lines = where(league[2025].stats, player_name="Travis Hunter")
    assert [row["position"] for row in lines] == ["WR"] * 4
    assert {
        row["position"] for row in where(league[2025].players, player_name="Travis Hunter")
    } == {"WR"}
    upstream = where(league.source.weekly_stats(2025), player_name="Travis Hunter")
    assert {row["position"] for row in upstream} == {"CB"}


@pytest.mark.parametrize(
    ("season", "by_week"),
    [(2021, {1: "QB", 18: "QB"}), (2022, {5: "TE", 6: "TE"}), (2024, {1: "TE", 11: "TE"})],
)
def test_hill_has_one_position_in_all_tables(
    league: League, season: int, by_week: dict[int, str]
) -> None:
    for week, position in by_week.items():
        hill = {"week": week, "player_name": "Taysom Hill"}
        assert only(league[season].players, **hill)["position"] == position
        assert {row["position"] for row in where(league[season].stats, **hill)} <= {position}
    lines = {row["position"] for row in where(league.source.weekly_stats(season), **hill)}
    assert lines <= {"TE"}


def test_allen_threw_caught_and_ran(
    league: League, nfl_mirror: Path, adapter: Callable[..., Nflverse]
) -> None:
    allen = {"week": 13, "player_name": "Josh Allen", "position": "QB"}
    line = only(league[2024].stats, **allen)
    assert line["fantasy_points_ppr"] == line["upstream_fantasy_points_ppr"] == 28.42
    old = adapter(nfl_mirror, "nfl_data_py").weekly_stats(2024)
    assert only(old, **allen)["fantasy_points_ppr"] == 21.72


def test_the_end_of_2023_has_no_injury_reports(league: League) -> None:
    players = league[2023].players
    late = players.filter(pc.greater_equal(players["week"], 20))
    assert late.num_rows > 1000
    assert late["injury_status"].null_count == late.num_rows
    before = players.filter(pc.equal(players["week"], 19))
    assert before["injury_status"].null_count < before.num_rows


def test_missing_injury_reports_have_a_warning(league: League) -> None:
    assert any(text.startswith("injuries 2023") for text in league[2023].player_warnings)


# Readers


@pytest.mark.parametrize(
    "dataset", ["weekly_rosters", "injuries", "snap_counts", "player_ids", "players"]
)
def test_both_readers_agree(
    nfl_mirror: Path, adapter: Callable[..., Nflverse], dataset: str
) -> None:
    tables = []
    for reader in ("nfl_data_py", "nflreadpy"):
        source = adapter(nfl_mirror, reader)
        load = getattr(source, dataset)
        tables.append(load() if dataset in ("player_ids", "players") else load(2024))
        assert source.reader_of(dataset) == reader
    one, other = tables
    assert one.num_rows > 1000
    for name in one.column_names:
        assert one[name].combine_chunks().equals(other[name].combine_chunks()), name


def test_the_id_map_reaches_every_platform(league: League) -> None:
    players = league[2024].players
    starters = players.filter(
        pc.and_(
            pc.is_in(players["position"], pa.array(["QB", "RB", "WR", "TE", "K"])),
            pc.greater(pc.fill_null(players["snap_share"], 0), 0.5),
        )
    )
    assert starters.num_rows > 3000
    for name in ("sleeper_id", "espn_id", "yahoo_id", "fantasypros_id", "pfr_id", "mfl_id"):
        ids = starters[name].drop_null().to_pylist()
        assert len(ids) / starters.num_rows > 0.95, name
        assert not any(text.endswith(".0") or not text.strip() for text in ids), name


# Other days


@pytest.fixture
def upstream_of(nfl_mirror: Path, nfl_variants: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return `upstream_of(day)`: the mirror with the files of that day laid over it."""

    def build(day: str) -> Path:
        assert (nfl_variants / day).is_dir()
        return overlay(nfl_mirror, nfl_variants / day, tmp_path / day)

    return build


def test_a_half_finished_week_is_provisional(
    league: League, upstream_of: Callable[[str], Path], adapter: Callable[..., Nflverse]
) -> None:
    """On 2025-09-14, week 1 is complete, and week 2 has only Thursday's game."""
    source = adapter(upstream_of("2025-09-14"))
    players, _ = raw_players(source, league.games, 2025, [1, 2, 3])
    stats = weekly_stats(source, league.games, players, 2025, [1, 2])
    assert point_differences(stats) == []
    weeks = per_week(stats)
    assert weeks[1] > 1000
    assert 50 < weeks[2] < 100
    assert {row["team"] for row in where(stats, week=2)} == {"GB", "WAS"}
    [warning] = unplayed_games(league.games, stats, 2025, [1, 2])
    assert warning.startswith("weekly_stats 2025 week 2: no stats yet of 15 of 16 games")
    assert "ATL-MIN" in warning
    assert "WAS-GB" not in warning
    with pytest.raises(NotPublishedError, match="weekly_stats 2025 week 3: ") as missing:
        weekly_stats(source, league.games, players, 2025, [1, 2, 3])
    assert "weeks 1-2 only" in missing.value.cause
    # Ten days later the file is whole, and the provisional week is replaced.
    later = weekly_stats(league.source, league.games, players, 2025, [2])
    assert unplayed_games(league.games, later, 2025, [2]) == []


def test_files_of_another_schema_and_other_corrections(
    league: League, upstream_of: Callable[[str], Path], adapter: Callable[..., Nflverse]
) -> None:
    """On 2025-09-23, the file has 114 columns instead of 145."""
    root = upstream_of("2025-09-23")
    path = root / STATS.format(season=2024)
    assert len(pq.read_schema(path)) == 114
    source = adapter(root)
    stats = weekly_stats(source, league.games, league[2024].players, 2024, league[2024].weeks)
    assert abs(stats.num_rows - league[2024].stats.num_rows) < 20
    assert point_differences(stats) == []


def test_injuries_in_mid_season(
    league: League, upstream_of: Callable[[str], Path], adapter: Callable[..., Nflverse]
) -> None:
    """On 2024-11-20, the file ends with the coming week."""
    source = adapter(upstream_of("2024-11-20"))
    reports = source.injuries(2024)
    assert max(reports["week"].to_pylist()) < 13
    players, _ = raw_players(source, league.games, 2024, [14])
    assert players["injury_status"].null_count == players.num_rows > 1000


# No look into the future, on real data


def history(games: pa.Table, players: pa.Table, stats: pa.Table) -> pa.Table:
    defences = with_standard_points(team_defense_stats(games, stats))
    with database() as connection:
        connection.register("team_defense_stats", defences)
        connection.register("games", games)
        connection.register("raw_players", players)
        connection.register("weekly_stats", stats)
        return player_history(connection)


def test_projections_are_the_same_when_the_future_is_deleted(league: League) -> None:
    """Week 10 of 2024 is the same with and without all later files and rows."""
    week = SeasonWeek(2024, 10)
    limit = week.season * 100 + week.week
    players = pa.concat_tables([league[season].players for season in (2023, 2024)])
    stats = pa.concat_tables([league[season].stats for season in (2023, 2024)])

    def until(table: pa.Table, including: bool) -> pa.Table:
        code = pc.add(pc.multiply(table["season"], 100), table["week"])
        return table.filter(pc.less_equal(code, limit) if including else pc.less(code, limit))

    # The pairings of a regular season are published before it, the scores are not.
    seasons, kinds = league.games["season"], league.games["game_type"]
    known = pc.and_(pc.equal(seasons, week.season), pc.equal(kinds, "REG"))
    games = league.games.filter(pc.or_(known, pc.less(seasons, week.season)))
    rosters = until(players, including=True)
    # The games of the week change its rosters.
    week_ahead = pc.and_(pc.equal(rosters["season"], 2024), pc.equal(rosters["week"], week.week))
    for name in ("snap_share", "offense_snaps"):
        kept = pc.if_else(week_ahead, pa.scalar(None, rosters[name].type), rosters[name])
        rosters = rosters.set_column(rosters.column_names.index(name), name, kept)
    active = pc.if_else(
        pc.and_(week_ahead, pc.equal(rosters["roster_status"], "INA")),
        "ACT",
        rosters["roster_status"],
    )
    rosters = rosters.set_column(
        rosters.column_names.index("roster_status"), "roster_status", active
    )
    unplayed = [
        None if (row["season"], row["week"]) >= week else row["home_score"]
        for row in games.select(["season", "week", "home_score"]).to_pylist()
    ]
    games = games.set_column(
        games.column_names.index("home_score"), "home_score", pa.array(unplayed, pa.int32())
    )

    then = history(games, rosters, until(stats, including=False))
    now = history(league.games, players, stats)
    now_stored = until(now, including=True)
    assert then.num_rows == now_stored.num_rows > 20_000
    for name in PLAYER_HISTORY.column_names:
        if not name.startswith("target_"):
            assert then[name].combine_chunks().equals(now_stored[name].combine_chunks()), name

    untrained = Model(week.season, {}, {}, {})
    projected = [
        model_projections(table, [week], lambda _: untrained, None) for table in (then, now)
    ]
    assert projected[0].equals(projected[1])
    assert projected[0].num_rows > 500
    assert pc.max(projected[0]["projected_points"]).as_py() > 15
