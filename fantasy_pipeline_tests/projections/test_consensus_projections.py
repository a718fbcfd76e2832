"""Projections where no model is trained: the baseline by hand, floors and ceilings on many.

Tests of trained models are in `model/`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fantasy_pipeline.errors import PipelineError
from fantasy_pipeline.football.season_week import SeasonWeek
from fantasy_pipeline.football.tables import (
    FANTASY_POSITIONS,
    MODEL_PROJECTIONS,
    PLAYER_HISTORY,
    PROJECTIONS,
    RAW_PLAYERS,
    SOURCE_PROJECTIONS,
)
from fantasy_pipeline.projections.consensus_projections import projections
from fantasy_pipeline.projections.model.availability import BENCH, FIT_LIKELY, LIKELY
from fantasy_pipeline.projections.model.baseline import OPPONENT_WEIGHT, TOTAL_WEIGHT
from fantasy_pipeline.projections.model.features import PRIOR_GAMES, USUAL_TEAM_TOTAL
from fantasy_pipeline.projections.model.intervals import LEVELS, QUANTILES, quantile_table
from fantasy_pipeline.projections.model.intervals import quantiles as quantiles_of
from fantasy_pipeline.projections.model.training import MAX_SEASONS, Model, of_each_season, train
from fantasy_pipeline.projections.model_projections import (
    BASELINE,
    NOTHING,
    ROSTER_REASONS,
    model_projections,
    warning_of_few_seasons,
    warnings_without_rosters,
)
from fantasy_pipeline.settings import SAMPLE_LABEL

Rows = Callable[..., pa.Table]
Project = Callable[..., dict[str, dict[str, Any]]]
W5 = SeasonWeek(2024, 5)
POINTS = ("fantasy_points", "fantasy_points_half", "fantasy_points_ppr")
MEANS = tuple(f"avg_{name}" for name in POINTS)


def known(player: str, position: str = "WR", **more: Any) -> dict[str, Any]:
    """Return a fit player with a mean of 10 points, before an average game; he always plays."""
    return {
        "season": W5.season,
        "week": W5.week,
        "player_id": player,
        "player_name": player.title(),
        "position": position,
        "team": "BUF",
        "opponent": "KC",
        "is_home": True,
        "on_bye": False,
        "roster_status": "ACT",
        "roster_source": "weekly_roster",
        "implied_team_total": USUAL_TEAM_TOTAL,
        "games": 20,
        "weight": 10.0,
        "appearance_rate": 1.0,
        "status_rate": 0.95,
        **{f"avg_{name}": 10.0 for name in POINTS},
        **{f"prior_{name}": 10.0 for name in POINTS},
        **{f"opponent_factor_{name}": 1.0 for name in POINTS},
    } | more


UNTRAINED = Model(W5.season, {}, {}, {})


@pytest.fixture
def project(rows: Rows) -> Project:
    """Return `project(rows of the history, …)`: projections by player id."""

    def build(
        *history: dict[str, Any],
        weeks: tuple[SeasonWeek, ...] = (W5,),
        others: tuple[dict[str, Any], ...] = (),
        label: str | None = None,
        cancelled: tuple[tuple[int, int, str], ...] = (),
    ) -> dict[str, dict[str, Any]]:
        ours = model_projections(
            rows(PLAYER_HISTORY, *history), list(weeks), lambda _: UNTRAINED, label, cancelled
        )
        assert ours.schema == MODEL_PROJECTIONS.arrow_schema
        table = projections(ours, rows(SOURCE_PROJECTIONS, *others), lambda _: None, label)
        assert table.schema == PROJECTIONS.arrow_schema
        return {row["player_id"]: row for row in table.to_pylist()}

    return build


# Expected points


def test_a_usual_player_in_a_usual_game(project: Project) -> None:
    row = project(known("a"))["a"]
    assert row["projected_points"] == 10.0
    assert row["reason"] is None
    assert row["source"] == BASELINE
    assert (row["season"], row["week"], row["opponent"], row["games"]) == (2024, 5, "KC", 20)


@pytest.mark.parametrize("position", FANTASY_POSITIONS)
def test_a_mean_is_shrunken_to_the_positions(project: Project, position: str) -> None:
    priors = {f"prior_{name}": 4.0 for name in POINTS}
    found = project(
        known("many games", position, **priors),
        known("one game", position, **priors, weight=1.0, team="MIA"),
        known("none", position, **priors, weight=0.0, team="NE", **dict.fromkeys(MEANS)),
    )
    prior = PRIOR_GAMES[position]
    assert found["many games"]["projected_points"] == pytest.approx(
        (10 * 10 + 4 * prior) / (10 + prior), abs=0.005
    )
    assert found["one game"]["projected_points"] == pytest.approx(
        (10 + 4 * prior) / (1 + prior), abs=0.005
    )
    assert found["none"]["projected_points"] == 4.0


def test_the_opponent_and_the_lines_count_by_half(project: Project) -> None:
    found = project(
        known("soft", **{f"opponent_factor_{name}": 1.2 for name in POINTS}),
        known("hard", **{f"opponent_factor_{name}": 0.8 for name in POINTS}),
        known("high", implied_team_total=USUAL_TEAM_TOTAL * 1.2),
        known("no lines", implied_team_total=None),
    )
    assert OPPONENT_WEIGHT == TOTAL_WEIGHT == 0.5
    assert {name: row["projected_points"] for name, row in found.items()} == {
        "soft": 11.0,
        "hard": 9.0,
        "high": 11.0,
        "no lines": 10.0,
    }
    assert found["soft"]["opponent_factor"] == 1.2


def test_a_player_who_seldom_plays_is_cut(project: Project) -> None:
    """At a chance of 0.9 a fit player is projected as if he plays, a questionable one at 0.5."""
    hurt = {"injury_status": "Questionable", "status_rate": 0.5}
    found = project(
        known("seldom", appearance_rate=0.225),
        known("often", appearance_rate=0.9),
        known("hurt", **hurt),
        known("unknown", appearance_rate=None),
    )
    assert (LIKELY, FIT_LIKELY) == (0.5, 0.9)
    assert (found["seldom"]["plays"], found["seldom"]["projected_points"]) == (0.225, 2.5)
    assert (found["often"]["plays"], found["often"]["projected_points"]) == (0.9, 10.0)
    assert (found["hurt"]["plays"], found["hurt"]["projected_points"]) == (0.5, 10.0)
    assert (found["unknown"]["plays"], found["unknown"]["projected_points"]) == (0.5, 5.56)


def test_points_below_zero_are_not_projected(project: Project) -> None:
    awful = {f"{kind}_{name}": -1.0 for name in POINTS for kind in ("avg", "prior")}
    assert project(known("a", **awful))["a"]["projected_points"] == 0.0


def test_each_scoring_has_its_own_columns(project: Project) -> None:
    means = dict(zip(POINTS, (6.0, 8.0, 10.0), strict=True))
    row = project(
        known(
            "a", **{f"{kind}_{name}": v for name, v in means.items() for kind in ("avg", "prior")}
        )
    )["a"]
    names = ("projected_points_std", "projected_points_half", "projected_points")
    assert [row[name] for name in names] == [6.0, 8.0, 10.0]
    assert row["p50_std"] < row["p50_half"] < row["p50"]


# Reasons


ZERO = {
    "bye": {"on_bye": True, "opponent": None},
    "out": {"injury_status": "Out"},
    "reserve list": {"roster_status": "RES"},
    "practice squad": {"roster_status": "DEV"},
    "suspended": {"roster_status": "SUS"},
    "released": {"roster_status": "CUT"},
    "roster status XYZ": {"roster_status": "XYZ"},
}


@pytest.mark.parametrize("reason", ZERO)
def test_a_player_who_does_not_play_is_projected_0_with_the_reason(
    project: Project, reason: str
) -> None:
    row = project(known("a", **ZERO[reason]))["a"]
    assert row["reason"] == reason
    scored = [name for name in row if name.startswith(("projected", *QUANTILES))]
    assert len(scored) == 12
    assert [row[name] for name in scored] == [0.0] * 12


def test_a_cancelled_game_is_no_bye(project: Project) -> None:
    off = (W5.season, W5.week, "BUF")
    players = [
        known("off", team="BUF", **ZERO["bye"]),
        known("resting", team="KC", **ZERO["bye"]),
        known("out", team="BUF", **ZERO["out"]),
    ]
    found = project(*players, cancelled=(off,))
    assert {name: row["reason"] for name, row in found.items()} == {
        "off": "cancelled",
        "resting": "bye",
        "out": "out",
    }


@pytest.mark.parametrize("status", ROSTER_REASONS)
def test_every_roster_status_has_a_reason(project: Project, status: str) -> None:
    assert project(known("a", roster_status=status))["a"]["reason"] == ROSTER_REASONS[status]


@pytest.mark.parametrize(
    ("on_bye", "roster", "reason"),
    [
        (True, "RES", "reserve list"),
        (True, "ACT", "bye"),
        (True, "INA", "bye"),
        (True, None, "bye"),
        (False, "RES", "reserve list"),
        (False, "ACT", "out"),
    ],
)
def test_the_roster_comes_before_the_bye_before_the_report(
    project: Project, on_bye: bool, roster: str | None, reason: str
) -> None:
    row = known("a", on_bye=on_bye, roster_status=roster, injury_status="Out")
    assert project(row)["a"]["reason"] == reason


@pytest.mark.parametrize(("status", "rate"), [("Questionable", 0.7), ("Doubtful", 0.1)])
def test_a_doubt_is_the_reason_and_an_unlikely_player_is_cut(
    project: Project, status: str, rate: float
) -> None:
    hurt = known("hurt", injury_status=status, status_rate=rate, appearance_rate=0.9)
    row = project(hurt)["hurt"]
    assert row["plays"] == pytest.approx(rate * 0.9)
    share = rate * 0.9 if status == "Doubtful" else 1.0
    assert row["projected_points"] == pytest.approx(10 * share)
    assert row["reason"] == status.lower()
    assert row["injury_status"] == status
    assert 0 <= row["p10"] <= row["p50"] <= row["p90"]
    # Nine doubtful players of ten score nothing.
    assert (row["p90"] == 0) == (status == "Doubtful")


def test_a_team_has_one_quarterback(project: Project) -> None:
    """The chances to start of a team sum to one, and so do its points."""
    found = project(
        known("starter", "QB", long_attempts=34.0, weeks_since_game=1),
        known("backup", "QB", long_attempts=4.0, weeks_since_game=9, appearance_rate=0.3),
        known("hurt", "QB", long_attempts=34.0, injury_status="Doubtful", status_rate=0.02),
        known("out", "QB", long_attempts=34.0, injury_status="Out"),
        known("elsewhere", "QB", team="MIA"),
        known("receiver", "WR"),
    )
    assert found["elsewhere"]["starts"] == 1.0
    assert found["receiver"]["starts"] is None
    room = [found[name] for name in ("starter", "backup", "hurt", "out")]
    assert sum(row["starts"] for row in room) == pytest.approx(1.0, abs=2e-4)
    assert found["starter"]["starts"] > 0.9
    assert found["out"]["projected_points"] == 0
    assert found["hurt"]["projected_points"] < 0.25
    assert sum(row["projected_points"] for row in room) == pytest.approx(10, abs=1)
    assert found["backup"]["projected_points"] >= round(10 * BENCH, 2)


def test_a_restored_player_has_floor_and_ceiling_of_his_points(
    project: Project,
) -> None:
    """Quantiles of a cut player include 0. Stretched to the restored points, they were 0 to 72 for
    a quarterback of 20 points."""
    hurt = known("hurt", appearance_rate=0.18)
    statement = {"season": 2024, "week": 5, "player_id": "hurt", "source": "nflcom"}
    kickoff = datetime(2024, 10, 6, 17, tzinfo=timezone.utc)
    statement |= {"points_half": 20.0, "as_of": kickoff - timedelta(days=1), "kickoff": kickoff}
    alone, restored = project(hurt)["hurt"], project(hurt, others=(statement,))["hurt"]
    assert restored["projected_points"] > 2 * alone["projected_points"]
    fit = project(known("fit"))["fit"]
    for row in (restored, fit):
        assert 0 < row["p10"] < row["p50"] < row["p90"] < 3 * row["projected_points"]


@pytest.mark.parametrize("fit", [{"injury_status": "Probable"}, {"roster_status": None}, {}])
def test_a_fit_player_is_not_cut(project: Project, fit: dict[str, Any]) -> None:
    row = project(known("a", **fit))["a"]
    assert (row["projected_points"], row["reason"]) == (10.0, None)


def test_0_always_has_a_reason(project: Project) -> None:
    """In the first week of a new lake, no player has a game."""
    nothing = {f"{kind}_{name}": None for name in POINTS for kind in ("avg", "prior")}
    row = project(known("a", weight=0.0, appearance_rate=None, **nothing))["a"]
    assert (row["projected_points"], row["reason"]) == (0.0, NOTHING)


def test_a_projection_of_another_source_replaces_nothing_known(project: Project) -> None:
    nothing = {f"{kind}_{name}": None for name in POINTS for kind in ("avg", "prior")}
    rookie = known("a", weight=0.0, **nothing)
    row = project(rookie, others=(nflcom("a", 8.0),))["a"]
    assert row["projected_points"] > 0
    assert row["reason"] is None


# Floors and ceilings


USUAL = [3.5, 9.0, 18.0]
"""Floor, median and ceiling of 10 points without data to learn from."""


def past(count: int, seed: int = 1, spread: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Return projections, and points that scatter around them."""
    rng = np.random.default_rng(seed)
    expected = rng.uniform(1, 20, count)
    return expected, expected * rng.lognormal(0, spread, count)


def with_mean(player: str, mean: float, **more: Any) -> dict[str, Any]:
    means = {f"{kind}_{name}": mean for name in POINTS for kind in ("avg", "prior")}
    return known(player, **means, **more)


def quantiles(row: dict[str, Any]) -> list[float]:
    return [row[name] for name in QUANTILES]


def of_ten(expected: np.ndarray, actual: np.ndarray, plays: float = 1.0) -> list[float]:
    """Return floor, median and ceiling of 10 points, learnt from past projections and points."""
    table = quantile_table(expected, actual)
    found: list[float] = quantiles_of(table, np.array([10.0]), np.array([plays]), LEVELS)[
        0
    ].tolist()
    return found


def test_few_rows_have_the_usual_spread(project: Project) -> None:
    assert quantiles(project(known("a"))["a"]) == USUAL
    assert of_ten(*past(199)) == pytest.approx(USUAL)


def test_the_spread_is_learnt_from_the_past() -> None:
    # Deciles of a log-normal around 10.
    expected = [10 * np.exp(0.5 * z) for z in (-1.2816, 0, 1.2816)]
    assert of_ten(*past(2400, spread=0.5)) == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(
    ("season", "counts"),
    [
        (2023, True),
        (2024 - MAX_SEASONS, True),
        (2023 - MAX_SEASONS, False),
        (2024, False),
        (2025, False),
    ],
)
def test_only_the_seasons_just_before_count(rows: Rows, season: int, counts: bool) -> None:
    history = rows(PLAYER_HISTORY, known("a", season=season, target_played=True))
    window = train(of_each_season(history), 2024).window
    assert window == ({season: 1} if counts else {})


def test_a_player_who_does_not_play_scores_0() -> None:
    assert of_ten(*past(300), plays=0.0) == [0.0, 0.0, 0.0]
    floor, median, ceiling = of_ten(*past(300), plays=0.4)
    assert floor == median == 0.0 < ceiling < of_ten(*past(300))[2]


def over_a_range(expected: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Return floor, median and ceiling of projections from 0 to beyond the largest past one."""
    means = np.linspace(0.01, 40, 50)
    return quantiles_of(quantile_table(expected, actual), means, np.ones(50), LEVELS)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [100, 200, 1500])
def test_floor_median_and_ceiling_are_in_order(seed: int, count: int) -> None:
    expected, actual = past(count, seed=seed, spread=1.0)
    actual[::20] = -2.0
    found = over_a_range(expected, actual)
    assert (np.diff(found, axis=1) >= 0).all()
    # A bigger projection has no lower floor, median or ceiling.
    assert (np.diff(found, axis=0) >= -0.01).all()


def test_a_floor_below_zero_does_not_sink_with_the_projection() -> None:
    expected, actual = past(1500)
    actual[::4] = -2.0
    floors = over_a_range(expected, actual)[:, 0]
    assert floors[-1] < 0
    assert (np.diff(floors) >= -0.01).all()


def test_eight_in_ten_are_between_floor_and_ceiling() -> None:
    future, actual = past(1500, seed=9)
    found = quantiles_of(quantile_table(*past(2400)), future, np.ones(1500), LEVELS)
    inside = (found[:, 0] <= actual) & (actual <= found[:, 2])
    assert np.mean(inside) == pytest.approx(0.8, abs=0.05)


# Listed players


def test_a_stat_line_alone_does_not_list_a_player(project: Project) -> None:
    found = project(
        known("rostered"),
        known("carried", roster_source="carried_forward"),
        known("called up", roster_source="stats"),
        known("unknown", roster_source=None),
    )
    assert set(found) == {"rostered", "carried"}


def test_in_a_first_week_without_rosters_players_with_stats_are_listed(project: Project) -> None:
    first = SeasonWeek(2024, 1)
    found = project(
        known("first", week=1, roster_source="stats"),
        known("unknown", week=1, roster_source=None),
        known("later", roster_source="stats"),
        known("carried", roster_source="carried_forward"),
        weeks=(first, W5),
    )
    assert {name: row["week"] for name, row in found.items()} == {"first": 1, "carried": 5}


def test_weeks_without_rosters_are_a_warning(rows: Rows) -> None:
    sources = {1: ["stats"], 2: ["stats", "carried_forward"], 3: ["weekly_roster"]}
    players = rows(
        RAW_PLAYERS,
        *(
            {"season": 2018, "week": week, "player_id": source, "roster_source": source}
            for week, found in sources.items()
            for source in found
        ),
    )
    assert warnings_without_rosters(players) == {
        2018: [
            "projections 2018 week 1: no rosters; only players who played in that week are listed"
        ]
    }


@pytest.mark.parametrize(
    ("seasons", "cost"),
    [
        ({2026}, "1 season (2026): projections from so few had 1.0550 of NFL.com's RMSE in 202"),
        (
            {2025, 2026},
            "2 seasons (2025-2026): projections from so few had 0.9871 of NFL.com's RMSE",
        ),
        ({2023, 2025, 2026, 2024}, "4 seasons (2023-2026): projections from so few had 0.9797 of"),
    ],
)
def test_few_seasons_are_a_warning_with_the_measured_cost(seasons: set[int], cost: str) -> None:
    text = warning_of_few_seasons(seasons)
    assert text is not None
    assert text.startswith(f"the lake has {cost}")
    assert text.endswith("Run `fantasy-pipeline backfill --seasons 2015-2026`")


def test_five_seasons_and_an_empty_lake_are_no_warning() -> None:
    assert warning_of_few_seasons(range(2022, 2027)) is None
    assert warning_of_few_seasons([]) is None


def test_a_week_without_players_is_an_error(project: Project) -> None:
    with pytest.raises(PipelineError) as missing:
        project(known("a"), weeks=(W5, SeasonWeek(2024, 6), SeasonWeek(2024, 7)))
    assert str(missing.value).startswith("projections 2024 week 6: ")
    assert "Materialize raw_players" in str(missing.value)


def test_a_week_of_unlisted_players_is_an_error(project: Project) -> None:
    with pytest.raises(PipelineError, match="projections 2024 week 5: "):
        project(known("a", roster_source=None))


def test_no_weeks_are_no_projections(project: Project) -> None:
    assert project(known("a"), weeks=()) == {}


def test_weeks_of_several_seasons_at_once_are_as_each_alone(project: Project) -> None:
    history = [known(f"{season}", season=season, week=5) for season in (2022, 2024)]
    both = project(*history, weeks=(W5, SeasonWeek(2022, 5)))
    alone = project(*history, weeks=(W5,)) | project(*history, weeks=(SeasonWeek(2022, 5),))
    assert both == alone
    assert quantiles(both["2022"]) == USUAL


# Beside other sources


def nflcom(player: str, points: float, **more: Any) -> dict[str, Any]:
    return {
        "season": 2024,
        "week": 5,
        "source": "nflcom",
        "player_id": player,
        "points_half": points,
    } | more


def test_nflcoms_points_are_shown_and_counted(project: Project) -> None:
    others = (nflcom("a", 17.5), nflcom("b", 3.0, source="other"), nflcom("c", 5.0, week=6))
    # A source that projects his team-mates would count as a forecast that c sits.
    players = (known("a"), known("b"), known("c", team="KC"))
    found = project(*players, others=others)
    assert {name: row["nflcom_half"] for name, row in found.items()} == {
        "a": 17.5,
        "b": None,
        "c": None,
    }
    alone = project(*players)
    assert {row["model_half"] for row in found.values()} == {alone["a"]["projected_points_half"]}
    assert 10 < found["a"]["projected_points"] < 17.5
    assert 3 < found["b"]["projected_points"] < 10
    assert found["c"] == alone["c"]


def test_a_player_without_a_past_has_the_other_sources_points(project: Project) -> None:
    """In the first week of a new lake, only NFL.com distinguishes a starter from a rookie."""
    nothing = dict.fromkeys(
        f"{kind}_fantasy_points{end}" for kind in ("avg", "prior") for end in ("", "_half", "_ppr")
    )
    new = known("new", **dict.fromkeys(nothing, 0.0), weight=0.0)
    statement = {
        "season": 2024,
        "week": 5,
        "player_id": "new",
        "source": "nflcom",
        "points_half": 20.0,
    }
    row = project(new, others=(statement,))["new"]
    assert row["projected_points_half"] == pytest.approx(20.0, abs=1.0)
    assert 0 < row["p10_half"] < row["p50_half"] < row["p90_half"]


def test_synthetic_data_are_labelled(project: Project) -> None:
    assert project(known("a"), label=SAMPLE_LABEL)["a"]["source"] == f"{BASELINE} ({SAMPLE_LABEL})"


def test_the_future_does_not_change_a_projection(rows: Rows) -> None:
    """Later weeks, later seasons and the week's own results have no effect."""
    means = (2.0, 10.0, 30.0)
    before = [with_mean(f"{mean}", mean) for mean in means]
    before += [with_mean(f"{mean}", mean, season=2023, target_played=True) for mean in means]
    after = [known("2.0", week=6, target_played=True, target_ppr=50.0), known("a", season=2025)]
    played = [
        row | {"target_played": True, "target_ppr": 99.0} if row["season"] == 2024 else row
        for row in before
    ]
    tables = []
    for records in (before, [*played, *after]):
        history = rows(PLAYER_HISTORY, *records)
        model = train(of_each_season(history), W5.season)
        ours = model_projections(history, [W5], lambda _, model=model: model, None)  # type: ignore[misc]
        tables.append(projections(ours, rows(SOURCE_PROJECTIONS), lambda _: None, None))
    assert tables[0].equals(tables[1])
    assert pc.min(tables[0]["projected_points"]).as_py() > 0
