"""Rules for the games of whole weeks and seasons: results, places, hours and game types.

Frequencies are of the 7,535 games of 1999-2026. A single game may be unusual; a week or a season
that is lost a column, or has it in another unit.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fantasy_pipeline.checks.base import Problem
from fantasy_pipeline.football.calendar import REGULAR_SEASON
from fantasy_pipeline.football.season_week import SeasonWeek

MANY_GAMES = 13
"""Games of a week from which its means are compared."""
MEAN_POINTS, MEAN_POINTS_REFUSED = (27.0, 67.0), (22.0, 81.0)
"""Mean points of both teams of a game in a week; 34.4-53.7."""
MAX_LEVEL_SPREADS = 0.5
"""Share of the games of a week with lines whose spread is 0; 0.14 at most."""
SEASON_GAMES = 200
"""Games of a season from which its shares are compared."""
MAX_NEUTRAL = 0.1
"""Share of a season's games at neutral sites; 0.03 at most."""
OUTDOORS = (0.4, 0.95)
"""Share of a season's games with a known roof that are outdoors; 0.65-0.78 since 2010."""
FIRST_HOUR = 9
"""Hour of the US East coast before which no game has kicked off."""
_SHOWN = 4


def unusual_results(games: pa.Table) -> list[Problem]:
    """Return weeks whose scores are far from those of every real week."""
    means = pc.cast(pc.add(games["home_score"], games["away_score"]), "double")
    lowest, highest = MEAN_POINTS
    return [
        Problem(
            week,
            f"the games have a mean of {mean:.0f} points; real weeks have 34-54",
            not MEAN_POINTS_REFUSED[0] <= mean <= MEAN_POINTS_REFUSED[1],
        )
        for week, mean in _weekly(games, means)
        if not lowest <= mean <= highest
    ]


def level_spreads(games: pa.Table) -> list[Problem]:
    """Return warnings for weeks in which most games have no favourite."""
    level = pc.cast(pc.equal(games["spread_line"], 0), "double")
    return [
        Problem(week, f"{share:.0%} of the games have a spread of 0", serious=False)
        for week, share in _weekly(games, level)
        if share > MAX_LEVEL_SPREADS
    ]


def unusual_places(games: pa.Table) -> list[Problem]:
    """Return warnings for seasons with far too many neutral sites, or roofs of one kind."""
    outdoors = pc.cast(pc.equal(games["roof"], "outdoors"), "double")
    neutral = pc.cast(games["neutral_site"], "double")
    table = pa.table({"season": games["season"], "neutral": neutral, "outdoors": outdoors})
    seasons = table.group_by("season").aggregate(
        [("neutral", "mean"), ("outdoors", "mean"), ("outdoors", "count"), ([], "count_all")]
    )
    texts = []
    for row in seasons.sort_by("season").to_pylist():
        if row["count_all"] >= SEASON_GAMES and (row["neutral_mean"] or 0.0) > MAX_NEUTRAL:
            text = f"{row['neutral_mean']:.0%} of the games are at a neutral site"
            texts.append(f"{row['season']}: {text}")
        known = row["outdoors_count"] >= SEASON_GAMES
        if known and not OUTDOORS[0] <= row["outdoors_mean"] <= OUTDOORS[1]:
            texts.append(f"{row['season']}: {row['outdoors_mean']:.0%} of the games are outdoors")
    return [Problem(None, text, serious=False) for text in texts]


def early_kickoffs(games: pa.Table) -> list[Problem]:
    """Return warnings for weeks with games at night, as if the times were of another zone."""
    eastern = pc.cast(games["kickoff"], pa.timestamp("us", "America/New_York"))
    early = games.filter(pc.less(pc.hour(eastern), FIRST_HOUR))
    found: dict[SeasonWeek, list[str]] = {}
    for row in early.select(["season", "week", "game_id"]).to_pylist():
        found.setdefault(SeasonWeek(row["season"], row["week"]), []).append(row["game_id"])
    return [
        Problem(week, f"{', '.join(ids[:_SHOWN])} kick off before 9 in New York", serious=False)
        for week, ids in sorted(found.items())
    ]


def misplaced_playoffs(games: pa.Table) -> list[Problem]:
    """Return weeks with games of the play-offs, although a later week is of the regular season."""
    regular = pc.equal(games["game_type"], REGULAR_SEASON)
    last = games.filter(regular).group_by("season").aggregate([("week", "max")])
    others = games.filter(pc.invert(regular)).join(last, "season", join_type="inner")
    early = others.filter(pc.less_equal(others["week"], others["week_max"]))
    weeks = {SeasonWeek(row["season"], row["week"]) for row in early.to_pylist()}
    text = "has games of the play-offs, but a later week, or the same, is of the regular season"
    return [Problem(week, text) for week in sorted(weeks)]


def _weekly(games: pa.Table, values: pa.ChunkedArray) -> list[tuple[SeasonWeek, float]]:
    """Return the mean of the values of each week that has `MANY_GAMES` of them, in order."""
    table = games.select(["season", "week"]).append_column("value", values)
    means = table.group_by(["season", "week"]).aggregate([("value", "mean"), ("value", "count")])
    return sorted(
        (SeasonWeek(row["season"], row["week"]), row["value_mean"])
        for row in means.to_pylist()
        if row["value_count"] >= MANY_GAMES
    )
