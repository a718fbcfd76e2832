"""The mutations of one real week: what is changed in upstream's frame, and what must come of it.

`MUTATIONS` is the table of docs/reliability.md. An outcome is *refused* (nothing of the week is
written), *warned* (written, and named), *mended* (the lake is as without it) or *allowed*.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from fantasy_pipeline_tests.checks.frames import COMING, WEEK, Frames

Change = Callable[[pd.DataFrame, Frames], pd.DataFrame]


class Mutation(NamedTuple):
    """One wrong file.

    Args:
        name: what is wrong, as the table of the docs says it.
        frame: the data set that is changed.
        change: changes the data set's frame, which it may modify.
        outcome: refused, warned, mended or allowed.
        says: a part of the error or warning; of an allowed one, why nothing can know.
        weeks: weeks that are imported; none: the schedule alone.
    """

    name: str
    frame: str
    change: Change
    outcome: str
    says: str
    weeks: tuple[int, ...] = (WEEK,)


def mutated(mutation: Mutation, frames: Frames) -> pa.Table:
    """Return the changed frame, with the types of the real one where they still fit."""
    frame = frames[mutation.frame]
    changed = mutation.change(frame.to_pandas(types_mapper=pd.ArrowDtype), frames)
    schema = frame.schema if mutation.frame in ("nflcom", "espn") else None
    return pa.Table.from_pandas(changed, schema=schema, preserve_index=False)


# Stat lines

OFFENCE = ["attempts", "completions", "carries", "targets", "receptions"]
POINTS = ["fantasy_points", "fantasy_points_ppr"]


def here(frame: pd.DataFrame, week: int = WEEK) -> pd.Series:
    return frame["week"] == week


def stats(change: Callable[[pd.DataFrame, pd.Series], Any]) -> Change:
    """Return a change of the week's stat lines: it gets the frame and the mask of the week."""

    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        found = change(frame, here(frame))
        return frame if found is None else found

    return apply


def zero(*names: str) -> Change:
    """Return a change that sets stats of the whole week to 0."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        frame.loc[week, list(names)] = 0

    return stats(apply)


def shifted(name: str, by: int = 1) -> Change:
    """Return a change that moves a column by some rows against the others."""

    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        frame[name] = np.roll(frame[name].to_numpy(dtype=object, na_value=None), by)
        return frame

    return apply


def swap(one: str, other: str) -> Change:
    """Return a change that exchanges two columns."""
    return stats(lambda frame, _: frame.rename(columns={one: other, other: one}))


def scaled(names: Sequence[str], factor: float) -> Change:
    """Return a change of the unit of some columns."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        for name in names:
            frame[name] = frame[name].astype("float64")
            frame.loc[week, name] *= factor

    return stats(apply)


def without(condition: Callable[[pd.DataFrame], pd.Series]) -> Change:
    """Return a change that deletes lines of the week."""
    return stats(lambda frame, week: frame[~(week & condition(frame))])


def points(frame: pd.DataFrame) -> None:
    """Compute upstream's points of each line from its stats."""
    number = {
        name: frame[name].fillna(0).astype("float64")
        for name in frame.columns[12:]
        if pd.api.types.is_numeric_dtype(frame[name].dtype)
    }
    standard = (
        number["passing_yards"] / 25
        + 4 * number["passing_tds"]
        - 2 * number["passing_interceptions"]
        + (number["rushing_yards"] + number["receiving_yards"]) / 10
        + 6 * (number["rushing_tds"] + number["receiving_tds"] + number["special_teams_tds"])
        + 2 * sum(number[f"{kind}_2pt_conversions"] for kind in ("passing", "rushing", "receiving"))
        - 2 * sum(number[f"{kind}_fumbles_lost"] for kind in ("sack", "rushing", "receiving"))
    )
    frame["fantasy_points"] = standard.round(2)
    frame["fantasy_points_ppr"] = (standard + number["receptions"]).round(2)


def consistent(change: Callable[[pd.DataFrame, pd.Series], Any]) -> Change:
    """Return a change after which upstream's points are those of the changed lines."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> pd.DataFrame:
        found = change(frame, week)
        frame = frame if found is None else found
        points(frame)
        return frame

    return stats(apply)


def most(frame: pd.DataFrame, week: pd.Series, stat: str, position: str, rank: int = 0) -> Any:
    """Return the index of the line with the most of a stat at a position."""
    lines = frame[week & (frame["position"] == position)]
    return lines[stat].astype("float64").sort_values(ascending=False, kind="stable").index[rank]


def line_doubled(position: str, stat: str, *names: str) -> Change:
    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        at = most(frame, week, stat, position)
        for name in names:
            frame.loc[at, name] = frame.loc[at, name] * 2

    return consistent(apply)


def touchdowns_lost(frame: pd.DataFrame, week: pd.Series) -> None:
    team = week & (frame["team"] == "DET")
    for name in ("passing_tds", "rushing_tds", "receiving_tds"):
        frame.loc[team, name] = 0


def third_quarterback(copied: bool) -> Change:
    """Return a change that gives a backup the starter's line, which stays if `copied`."""

    def apply(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
        at = most(frame, here(frame), "attempts", "QB")
        squads = frames["weekly_rosters"].to_pandas(types_mapper=pd.ArrowDtype)
        squads = squads[here(squads) & (squads["team"] == frame.loc[at, "team"])]
        played = frame[here(frame)]["player_id"]
        idle = squads[(squads["position"] == "QB") & ~squads["gsis_id"].isin(played)]
        line = frame.loc[[at]].copy()
        line["player_id"] = idle["gsis_id"].iloc[0]
        line["player_display_name"] = idle["full_name"].iloc[0]
        return pd.concat([frame if copied else frame.drop(index=at), line], ignore_index=True)

    return apply


def offence_exchanged(frame: pd.DataFrame, week: pd.Series) -> None:
    offence = week & (frame[OFFENCE].fillna(0).sum(axis=1) > 0)
    kc, car = (offence & (frame["team"] == team) for team in ("KC", "CAR"))
    frame.loc[kc, ["team", "opponent_team"]] = ["CAR", "KC"]
    frame.loc[car, ["team", "opponent_team"]] = ["KC", "CAR"]


def first_half_only(frame: pd.DataFrame, week: pd.Series) -> None:
    for name in frame.columns:
        if (
            name not in ("season", "week") and frame[name].dtype == "int64[pyarrow]"
        ) or name in OFFENCE:
            frame.loc[week, name] = frame.loc[week, name] // 2


def lines_exchanged(position: str) -> Change:
    """Return a change that exchanges the lines of two players of a team."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        lines = frame[week & (frame["team"] == "DET") & (frame["position"] == position)]
        one, other = lines["targets"].astype("float64").sort_values().index[-2:]
        names = ["player_id", "player_name", "player_display_name"]
        first, second = frame.loc[one, names].tolist(), frame.loc[other, names].tolist()
        frame.loc[one, names], frame.loc[other, names] = second, first

    return stats(apply)


def under_another_id(share: float, player_id: str) -> Change:
    """Return a change that moves a share of a receiver's line to another id."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> pd.DataFrame:
        at = most(frame, week, "targets", "WR")
        line = frame.loc[[at]].copy()
        line["player_id"], line["player_display_name"] = player_id, "His Other Self"
        for name in ("targets", "receptions", "receiving_yards", "receiving_tds"):
            moved = int(frame.loc[at, name] * share)
            line[name] = moved
            frame.loc[at, name] = frame.loc[at, name] - (moved if share < 1 else 0)
        for name in ("receiving_first_downs", "target_share", "receiving_air_yards"):
            line[name] = 0
        return pd.concat([frame, line], ignore_index=True)

    return consistent(apply)


def last_week(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Return the frame with the week before in place of the week."""
    before = frame[here(frame, WEEK - 1)].copy()
    before["week"] = before["week"] + 1
    if "opponent_team" in frame.columns:
        # With the teams and opponents of this week, so that only the numbers are old.
        now = frame[here(frame)].drop_duplicates("team").set_index("team")["opponent_team"]
        before = before[before["team"].isin(now.index)]
        before["opponent_team"] = before["team"].map(now)
    return pd.concat([frame[~here(frame)], before], ignore_index=True)


def season_totals(frame: pd.DataFrame, week: pd.Series) -> None:
    before = frame[here(frame, WEEK - 1)].set_index("player_id")
    for name in (*OFFENCE, "rushing_yards", "receiving_yards", "passing_yards", "def_tackles_solo"):
        earlier = frame["player_id"].map(before[name].astype("float64")).fillna(0) * 6
        frame.loc[week, name] = frame.loc[week, name] + earlier[week].astype("int64")


def one_more_yard(frame: pd.DataFrame, week: pd.Series) -> None:
    at = most(frame, week, "carries", "RB")
    frame.loc[at, "rushing_yards"] = frame.loc[at, "rushing_yards"] + 1


def touchdown_of_another(frame: pd.DataFrame, week: pd.Series) -> None:
    scorers = frame[week & (frame["receiving_tds"] > 0) & (frame["position"] == "WR")]
    at = scorers.index[0]
    mates = week & (frame["team"] == frame.loc[at, "team"]) & (frame["receptions"] >= 3)
    other = next(i for i in frame[mates].index if i != at)
    frame.loc[at, "receiving_tds"] = frame.loc[at, "receiving_tds"] - 1
    frame.loc[other, "receiving_tds"] = frame.loc[other, "receiving_tds"] + 1


def more_assists(frame: pd.DataFrame, week: pd.Series) -> None:
    at = most(frame, week, "def_tackles_solo", "LB")
    frame.loc[at, "def_tackle_assists"] = frame.loc[at, "def_tackle_assists"] + 1


def kicks_all_made(frame: pd.DataFrame, week: pd.Series) -> None:
    counts = [
        name
        for name in frame.columns
        if name.startswith(("fg_missed", "fg_blocked"))
        and pd.api.types.is_numeric_dtype(frame[name].dtype)
    ]
    frame.loc[week, counts] = 0
    frame.loc[week, "fg_att"] = frame.loc[week, "fg_made"]


def quarterbacks_exchanged(frame: pd.DataFrame, week: pd.Series) -> None:
    one, other = (most(frame, week, "attempts", "QB", rank) for rank in (0, 1))
    own = {"player_id", "player_name", "player_display_name", "team", "opponent_team"}
    names = [name for name in frame.columns if name not in own]
    first, second = frame.loc[one, names].tolist(), frame.loc[other, names].tolist()
    frame.loc[one, names], frame.loc[other, names] = second, first


def more(stat: str, position: str, by: int) -> Change:
    """Return a change that adds to the stat of the line with the most of it at a position."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        at = most(frame, week, stat, position)
        frame.loc[at, stat] = frame.loc[at, stat] + by

    return stats(apply)


def no_fumble_lost(frame: pd.DataFrame, week: pd.Series) -> None:
    """Take the lost fumbles from the line with the most of them."""
    lines = frame[week]["fumbles_lost_total"].astype("float64")
    frame.loc[lines.idxmax(), [*FUMBLES_LOST, "fumbles_lost_total"]] = 0


FUMBLES_LOST = [f"{kind}_fumbles_lost" for kind in ("sack", "rushing", "receiving")]
YARDS = ["passing_yards", "receiving_yards", "rushing_yards"]
RECEIVING = ("targets", "receptions", "receiving_yards", "receiving_tds")
STAT_MUTATIONS = (
    Mutation("all receptions are 0", "weekly_stats", zero("receptions"), "refused", "receptions"),
    Mutation(
        "all passing touchdowns are 0",
        "weekly_stats",
        zero("passing_tds"),
        "refused",
        "passing_tds, but",
    ),
    Mutation(
        "30% of a team missing, the best ones",
        "weekly_stats",
        without(lambda f: (f["team"] == "DET") & (f["fantasy_points"] > 4)),
        "refused",
        "DET",
    ),
    Mutation(
        "a team's quarterbacks missing",
        "weekly_stats",
        without(lambda f: (f["team"] == "DET") & (f["position"] == "QB")),
        "refused",
        "DET has 0 completions",
    ),
    Mutation(
        "all kickers missing",
        "weekly_stats",
        without(lambda f: f["position"] == "K"),
        "refused",
        "its stat lines account for",
    ),
    Mutation(
        "a receiver's line doubled, points consistent",
        "weekly_stats",
        line_doubled("WR", "targets", *RECEIVING),
        "refused",
        "receiving_tds",
    ),
    Mutation(
        "a quarterback's yards doubled, points consistent",
        "weekly_stats",
        line_doubled("QB", "attempts", "passing_yards"),
        "refused",
        "receiving_yards",
    ),
    Mutation(
        "a runner's yards doubled, points not consistent",
        "weekly_stats",
        stats(lambda f, w: f.loc.__setitem__((most(f, w, "carries", "RB"), "rushing_yards"), 300)),
        "warned",
        "fantasy_points",
    ),
    Mutation(
        "all touchdowns of a team missing, points consistent",
        "weekly_stats",
        consistent(touchdowns_lost),
        "refused",
        "DET scored 24 points",
    ),
    Mutation(
        "a third quarterback with another's line",
        "weekly_stats",
        third_quarterback(True),
        "refused",
        "passing_2pt_conversions",
    ),
    Mutation(
        "a third quarterback with the starter's line, the starter with none",
        "weekly_stats",
        third_quarterback(False),
        "refused",
        "no stat line of",
    ),
    Mutation(
        "the offence of one game exchanged",
        "weekly_stats",
        stats(offence_exchanged),
        "refused",
        "but its opponent KC has",
    ),
    Mutation(
        "half of each game only",
        "weekly_stats",
        consistent(first_half_only),
        "refused",
        "completions, but",
    ),
    Mutation(
        "a game missing",
        "weekly_stats",
        without(lambda f: f["team"].isin(["KC", "CAR"])),
        "warned",
        "no rows for teams with a game: CAR, KC",
    ),
    Mutation(
        "one team of a game missing",
        "weekly_stats",
        without(lambda f: f["team"] == "KC"),
        "warned",
        "no rows for teams with a game: KC",
    ),
    Mutation(
        "receptions and targets swapped",
        "weekly_stats",
        swap("receptions", "targets"),
        "refused",
        "but targets only",
    ),
    Mutation(
        "completions and attempts swapped",
        "weekly_stats",
        swap("completions", "attempts"),
        "refused",
        "but attempts only",
    ),
    Mutation(
        "rushing and receiving yards swapped",
        "weekly_stats",
        swap("rushing_yards", "receiving_yards"),
        "refused",
        "receiving_yards",
    ),
    Mutation(
        "carries and rushing yards swapped",
        "weekly_stats",
        swap("carries", "rushing_yards"),
        "refused",
        "carries",
    ),
    Mutation(
        "touchdowns and interceptions swapped",
        "weekly_stats",
        swap("passing_tds", "passing_interceptions"),
        "refused",
        "passing_tds",
    ),
    Mutation(
        "field goals and extra points swapped",
        "weekly_stats",
        swap("fg_made", "pat_made"),
        "refused",
        "fg_made",
    ),
    Mutation(
        "solo tackles and assists swapped",
        "weekly_stats",
        swap("def_tackles_solo", "def_tackle_assists"),
        "refused",
        "solo tackles are fewer than the assists",
    ),
    Mutation(
        "all missed kicks are gone",
        "weekly_stats",
        stats(kicks_all_made),
        "warned",
        "fg_missed is 0 for every player",
    ),
    Mutation(
        "all hits on quarterbacks are 0",
        "weekly_stats",
        zero("def_qb_hits"),
        "refused",
        "def_qb_hits is 0 for every player",
    ),
    Mutation(
        "all tackles for loss are 0",
        "weekly_stats",
        zero("def_tackles_for_loss"),
        "refused",
        "def_tackles_for_loss is 0",
    ),
    Mutation(
        "air yards of other receivers",
        "weekly_stats",
        shifted("receiving_air_yards"),
        "refused",
        "passers and receivers have other air yards",
    ),
    Mutation(
        "weighted shares of other receivers",
        "weekly_stats",
        shifted("wopr"),
        "refused",
        "have a wopr that is not that of their shares",
    ),
    Mutation(
        "expected points of receivers with the other sign",
        "weekly_stats",
        scaled(["receiving_epa"], -1),
        "refused",
        "receiving_epa does not follow",
    ),
    Mutation(
        "the lines of two quarterbacks of different teams exchanged",
        "weekly_stats",
        stats(quarterbacks_exchanged),
        "refused",
        "2pt_conversions",
    ),
    Mutation(
        "all yards in metres, points consistent",
        "weekly_stats",
        stats(lambda f, w: scaled(YARDS, 0.9144)(f, {})),
        "refused",
        "not a whole number",
    ),
    Mutation(
        "rushing yards in feet, points consistent",
        "weekly_stats",
        consistent(lambda f, w: scaled(["rushing_yards"], 3)(f, {})),
        "refused",
        "rushing_yards",
    ),
    Mutation(
        "a receiver under two ids, his line split",
        "weekly_stats",
        under_another_id(0.5, "00-9999999"),
        "warned",
        "on no roster",
    ),
    Mutation(
        "a receiver under two ids, his line repeated",
        "weekly_stats",
        under_another_id(1, "00-9999999"),
        "refused",
        "receiving_tds",
    ),
    Mutation(
        "last week's file as this week's",
        "weekly_stats",
        last_week,
        "refused",
        "same stat line as in 2024 week 11",
    ),
    Mutation(
        "totals of the season", "weekly_stats", stats(season_totals), "refused", "fantasy_points"
    ),
    Mutation(
        "one line twice",
        "weekly_stats",
        stats(lambda f, w: pd.concat([f, f[w].iloc[:1]])),
        "refused",
        "1 repeated keys",
    ),
    Mutation("all targets are 0", "weekly_stats", zero("targets"), "refused", "targets only 0"),
    Mutation("all carries are 0", "weekly_stats", zero("carries"), "refused", "carries"),
    Mutation(
        "all rushing yards are 0, points consistent",
        "weekly_stats",
        consistent(lambda f, w: zero("rushing_yards")(f, {})),
        "refused",
        "rushing_yards per team is 0.0",
    ),
    Mutation(
        "all interceptions thrown are 0",
        "weekly_stats",
        zero("passing_interceptions"),
        "refused",
        "def_interceptions",
    ),
    Mutation(
        "all sacks are 0, on both sides",
        "weekly_stats",
        zero("sacks_suffered", "def_sacks", "sack_fumbles"),
        "refused",
        "sack_fumbles_lost 1, but sack_fumbles only 0",
    ),
    Mutation(
        "all lost fumbles of the league are 0, points consistent",
        "weekly_stats",
        consistent(lambda f, w: zero(*FUMBLES_LOST)(f, {})),
        "refused",
        "but their opponents recovered",
    ),
    Mutation(
        "a player's lost fumbles missing, points consistent",
        "weekly_stats",
        consistent(no_fumble_lost),
        "refused",
        "fumbles, but its opponent",
    ),
    Mutation(
        "a defender with a recovered fumble more",
        "weekly_stats",
        more("fumble_recovery_opp", "LB", 1),
        "refused",
        "fumbles, but its opponent",
    ),
    Mutation(
        "a defender with two sacks more",
        "weekly_stats",
        more("def_sacks", "DE", 2),
        "refused",
        "sacks_suffered, but its opponent",
    ),
    Mutation(
        "a receiver with ten targets more",
        "weekly_stats",
        more("targets", "WR", 10),
        "refused",
        "attempts only",
    ),
    Mutation(
        "all expected points added are 0",
        "weekly_stats",
        zero("rushing_epa"),
        "refused",
        "rushing_epa is 0 for every player",
    ),
    Mutation(
        "all tackles are 0",
        "weekly_stats",
        zero("def_tackles_solo"),
        "refused",
        "def_tackles_solo is 0 for every player",
    ),
    Mutation(
        "all kick-off return yards are 0",
        "weekly_stats",
        zero("kickoff_return_yards"),
        "refused",
        "kickoff_return_yards is 0",
    ),
    Mutation(
        "all air yards are 0",
        "weekly_stats",
        zero("receiving_air_yards", "passing_air_yards"),
        "refused",
        "air_yards",
    ),
    Mutation(
        "field goals in other ranges",
        "weekly_stats",
        swap("fg_made_30_39", "fg_made_40_49"),
        "refused",
        "range of fg_long",
    ),
    Mutation(
        "all longest field goals are 20 yards",
        "weekly_stats",
        stats(lambda f, w: f.loc.__setitem__((w & (f["fg_made"] > 0), "fg_long"), 20)),
        "refused",
        "range of fg_long",
    ),
    Mutation(
        "all of upstream's points are 0", "weekly_stats", zero(*POINTS), "refused", "upstream 0.0"
    ),
    Mutation(
        "PPR points are the standard points",
        "weekly_stats",
        stats(lambda f, w: f.assign(fantasy_points_ppr=f["fantasy_points"])),
        "refused",
        "fantasy_points_ppr",
    ),
    Mutation(
        "players with their opponent's team",
        "weekly_stats",
        stats(lambda f, w: f.rename(columns={"team": "opponent_team", "opponent_team": "team"})),
        "refused",
        "roster",
    ),
    Mutation(
        "names of other players",
        "weekly_stats",
        shifted("player_display_name"),
        "refused",
        "another name than the player's roster",
    ),
    Mutation(
        "lines of the play-offs",
        "weekly_stats",
        stats(lambda f, w: f.assign(season_type="POST")),
        "refused",
        "season_type POST, but the schedule has REG",
    ),
    Mutation(
        "all opponents of another game",
        "weekly_stats",
        stats(
            lambda f, w: f.loc.__setitem__(
                (w & (f["opponent_team"] == "KC"), "opponent_team"), "LV"
            )
        ),
        "refused",
        "has rows against LV",
    ),
    Mutation(
        "negative receptions", "weekly_stats", scaled(["receptions"], -1), "refused", "receptions"
    ),
    Mutation(
        "two receivers of a team with each other's line",
        "weekly_stats",
        lines_exchanged("WR"),
        "allowed",
        "both lines are possible for both players: team sums, snaps and points agree",
    ),
    Mutation(
        "one yard more for a runner, points consistent",
        "weekly_stats",
        consistent(one_more_yard),
        "allowed",
        "rushing yards have no counterpart: nothing else in the files counts them",
    ),
    Mutation(
        "a touchdown of another receiver, points consistent",
        "weekly_stats",
        consistent(touchdown_of_another),
        "allowed",
        "the passer and the score stay the same",
    ),
    Mutation(
        "an assisted tackle more",
        "weekly_stats",
        stats(more_assists),
        "allowed",
        "scorers decide what an assist is; no other number follows from it",
    ),
)


# Rosters


def rosters(change: Callable[[pd.DataFrame, pd.Series], Any], week: int = WEEK) -> Change:
    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        found = change(frame, here(frame, week))
        return frame if found is None else found

    return apply


def set_to(name: str, value: object, **where: object) -> Change:
    """Return a change of one column in the week, for the rows with the given values."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        for column, wanted in where.items():
            week = week & (frame[column] == wanted)
        frame.loc[week, name] = value

    return rosters(apply)


def on_two_rosters(status: str) -> Change:
    """Return a change that lists an active player on another roster, too, before his own."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> pd.DataFrame:
        row = frame[week & (frame["team"] == "TB") & (frame["status"] == "ACT")].iloc[:1].copy()
        row["team"], row["status"] = "ARI", status
        return pd.concat([row, frame], ignore_index=True)

    return rosters(apply)


def row_on_a_bye(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    row = frame[here(frame, WEEK - 1) & (frame["team"] == "BUF")].iloc[:1].copy()
    row["week"] = WEEK
    return pd.concat([frame, row], ignore_index=True)


def only(team: str, count: int) -> Change:
    """Return a change that leaves some players of a team."""
    return rosters(
        lambda f, w: f[
            ~(w & (f["team"] == team)) | f.index.isin(f[w & (f["team"] == team)].index[:count])
        ]
    )


TEN = ["ARI", "BAL", "CAR", "DAL", "DET", "GB", "HOU", "IND", "KC", "LA"]
"""Teams with a game in the week and in the coming one."""


def teams_missing(teams: Sequence[str], week: int = WEEK) -> Change:
    return rosters(lambda f, w: f[~(w & f["team"].isin(teams))], week)


def teams_exchanged(frame: pd.DataFrame, week: pd.Series) -> None:
    codes = frame["team"].map(lambda team: {"KC": "LV", "LV": "KC"}.get(team, team))
    frame.loc[week, "team"] = codes[week]


def positions_exchanged(frame: pd.DataFrame, week: pd.Series) -> None:
    other = frame["position"].map(lambda one: {"QB": "TE", "TE": "QB"}.get(one, one))
    team = week & (frame["team"] == "DET")
    frame.loc[team, "position"] = other[team]


ROSTER_MUTATIONS = (
    Mutation(
        "quarterbacks of a team are tight ends, and the reverse",
        "weekly_rosters",
        rosters(positions_exchanged),
        "refused",
        "players of DET have another position than the week before",
    ),
    Mutation("a team's roster missing", "weekly_rosters", only("DET", 0), "refused", "DET"),
    Mutation("ten of 26 teams missing", "weekly_rosters", teams_missing(TEN), "refused", "DET"),
    Mutation(
        "rosters of the coming week: ten of 32 teams missing",
        "weekly_rosters",
        teams_missing(TEN, COMING),
        "warned",
        "GB, HOU, IND, KC, LA are those of an earlier week",
        (COMING,),
    ),
    Mutation("five players of a team only", "weekly_rosters", only("DET", 5), "refused", "DET"),
    Mutation(
        "a team without quarterbacks",
        "weekly_rosters",
        rosters(lambda f, w: f[~(w & (f["team"] == "DET") & (f["position"] == "QB"))]),
        "refused",
        "too few QB on the roster: DET 0",
    ),
    Mutation(
        "all of a team are receivers",
        "weekly_rosters",
        set_to("position", "WR", team="DET"),
        "refused",
        "too few QB on the roster: DET 0",
    ),
    Mutation(
        "everybody is on reserve",
        "weekly_rosters",
        set_to("status", "RES"),
        "refused",
        "0% of the players have the roster status ACT",
    ),
    Mutation(
        "everybody is active",
        "weekly_rosters",
        set_to("status", "ACT"),
        "refused",
        "100% of the players have the roster status ACT",
    ),
    Mutation(
        "everybody is inactive",
        "weekly_rosters",
        set_to("status", "INA"),
        "refused",
        "0% of the players have the roster status ACT",
    ),
    Mutation(
        "no statuses",
        "weekly_rosters",
        set_to("status", None),
        "refused",
        "0% of the players have the roster status ACT",
    ),
    Mutation(
        "a whole team is on reserve",
        "weekly_rosters",
        set_to("status", "RES", team="DET"),
        "refused",
        "nearly no active player on the roster of DET",
    ),
    Mutation(
        "a quarterback with a stat line is on reserve",
        "weekly_rosters",
        rosters(
            lambda f, w: f.loc.__setitem__((w & (f["full_name"] == "Jared Goff"), "status"), "RES")
        ),
        "warned",
        "Jared Goff (DET, RES)",
    ),
    Mutation("last week's rosters", "weekly_rosters", last_week, "refused", "roster"),
    Mutation(
        "one roster row of a team on its bye",
        "weekly_rosters",
        row_on_a_bye,
        "mended",
        "the full roster is carried forward",
        (WEEK, COMING),
    ),
    Mutation(
        "a player on two rosters, active and released",
        "weekly_rosters",
        on_two_rosters("CUT"),
        "mended",
        "the active one counts",
    ),
    Mutation(
        "a player active on two rosters",
        "weekly_rosters",
        on_two_rosters("ACT"),
        "warned",
        "is active for ARI and TB",
    ),
    Mutation(
        "all rows twice",
        "weekly_rosters",
        rosters(lambda f, w: pd.concat([f, f])),
        "mended",
        "one of each is read",
    ),
    Mutation(
        "the rosters of two teams exchanged",
        "weekly_rosters",
        rosters(teams_exchanged),
        "refused",
        "another team than their roster's",
    ),
    Mutation(
        "names of other players",
        "weekly_rosters",
        shifted("full_name"),
        "refused",
        "player_name of",
    ),
    Mutation(
        "receivers are running backs, and the reverse",
        "weekly_rosters",
        lambda f, _: f.assign(position=f["position"].replace({"WR": "RB", "RB": "WR"})),
        "refused",
        "another position than the week before",
    ),
    Mutation("gsis_ids of other players", "weekly_rosters", shifted("gsis_id"), "refused", ""),
    Mutation(
        "rosters of the coming week: five players of a team",
        "weekly_rosters",
        rosters(
            lambda f, w: f[
                ~(w & (f["team"] == "DET")) | f.index.isin(f[w & (f["team"] == "DET")].index[:5])
            ],
            COMING,
        ),
        "refused",
        "DET",
        (COMING,),
    ),
)


# Injuries and snaps


def doubled_report(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    """List everybody who is out a second time, as questionable, with the same date."""
    out = frame[here(frame) & (frame["report_status"] == "Out")].copy()
    out["report_status"] = "Questionable"
    return pd.concat([out, frame], ignore_index=True)


def two_counts(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    """List five players of a team a second time, with half of their snaps."""
    some = frame[here(frame) & (frame["team"] == "DET")].iloc[:5].copy()
    some["offense_snaps"] = some["offense_snaps"] // 2 + 1
    return pd.concat([frame, some], ignore_index=True)


def every_other(frame: pd.DataFrame, week: pd.Series) -> pd.DataFrame:
    return pd.concat([frame[~week], frame[week].iloc[::2]])


def other_words(column: str, change: Callable[[str], str], whole_file: bool = False) -> Change:
    """Return a change of a column's words, in the week or in the whole file."""

    def apply(frame: pd.DataFrame, week: pd.Series) -> None:
        at = frame[column].notna() & (week | whole_file)
        frame.loc[at, column] = frame.loc[at, column].map(change)

    return rosters(apply)


HEALTH_MUTATIONS = (
    Mutation(
        "game statuses of one letter",
        "injuries",
        other_words("report_status", lambda word: word[0], whole_file=True),
        "refused",
        "most values of injury_status in the latest week are unknown words: 'Q'",
    ),
    Mutation(
        "practice statuses of two letters",
        "injuries",
        other_words("practice_status", lambda word: f"{word.strip()[:1]}P", whole_file=True),
        "refused",
        "most values of practice_status in the latest week are unknown words: 'FP'",
    ),
    Mutation(
        "everybody who is out is inactive",
        "injuries",
        set_to("report_status", "Inactive", report_status="Out"),
        "warned",
        "injury_status has unknown words, left null: 'Inactive'",
    ),
    Mutation(
        "game statuses in capitals, with blanks",
        "injuries",
        other_words("report_status", lambda word: f" {word.upper()} ", whole_file=True),
        "mended",
        "case and blanks do not count",
    ),
    Mutation(
        "practice statuses in small letters",
        "injuries",
        other_words("practice_status", str.lower, whole_file=True),
        "mended",
        "case and blanks do not count",
    ),
    Mutation(
        "ten of 26 teams missing",
        "injuries",
        teams_missing(TEN),
        "warned",
        "no player of ARI, BAL, CAR, DAL, DET, GB, HOU, IND, KC, LA is on the injury report",
    ),
    Mutation(
        "a team missing",
        "injuries",
        teams_missing(["DET"]),
        "warned",
        "no player of DET is on the injury report",
    ),
    Mutation(
        "every other row missing",
        "injuries",
        rosters(every_other),
        "warned",
        "as many players per team as the week before",
    ),
    Mutation(
        "no quarterback",
        "injuries",
        rosters(lambda f, w: f[~(w & (f["position"] == "QB"))]),
        "warned",
        "no QB is on the injury report",
    ),
    Mutation(
        "everybody who is out is questionable",
        "injuries",
        set_to("report_status", "Questionable", report_status="Out"),
        "warned",
        "players per team are Out; the fewest",
    ),
    Mutation(
        "one practice status for everybody",
        "injuries",
        set_to("practice_status", "Full Participation in Practice"),
        "warned",
        "of the players on the injury report have the practice status",
    ),
    Mutation(
        "dates of the year after",
        "injuries",
        rosters(lambda f, w: f.assign(date_modified=f["date_modified"] + pd.Timedelta(days=364))),
        "warned",
        "are dated in another week",
    ),
    Mutation(
        "ten of 26 teams missing",
        "snap_counts",
        teams_missing(TEN),
        "warned",
        "no snap counts of ARI, BAL",
    ),
    Mutation(
        "all shares of snaps are 0",
        "snap_counts",
        set_to("offense_pct", 0.0),
        "refused",
        "snap shares that are not those of the snaps",
    ),
    Mutation(
        "all defensive snaps are 0",
        "snap_counts",
        set_to("defense_snaps", 0.0),
        "refused",
        "fewer than 50 defense_snaps",
    ),
    Mutation(
        "all snaps of special teams are 0",
        "snap_counts",
        set_to("st_snaps", 0.0),
        "refused",
        "fewer than 30 st_snaps",
    ),
    Mutation(
        "everybody on the report is out",
        "injuries",
        set_to("report_status", "Out"),
        "refused",
        "players per team are Out",
    ),
    Mutation(
        "everybody on the report is doubtful",
        "injuries",
        set_to("report_status", "Doubtful"),
        "refused",
        "players per team are Doubtful",
    ),
    Mutation(
        "everybody on the report is questionable",
        "injuries",
        set_to("report_status", "Questionable"),
        "refused",
        "are Questionable",
    ),
    Mutation(
        "no game status of anybody",
        "injuries",
        set_to("report_status", None),
        "warned",
        "without a game status",
    ),
    Mutation(
        "last week's injury report",
        "injuries",
        last_week,
        "refused",
        "of the injury report are those of the week before",
    ),
    Mutation(
        "the reports of two teams exchanged",
        "injuries",
        rosters(teams_exchanged),
        "warned",
        "KC (LV), LV (KC); each report counts for the team of the roster",
    ),
    Mutation(
        "no injury report of the week",
        "injuries",
        rosters(lambda f, w: f[~w]),
        "warned",
        "has no rows for week 12",
    ),
    Mutation(
        "two reports of one moment, out and questionable",
        "injuries",
        doubled_report,
        "mended",
        "the worse counts",
    ),
    Mutation(
        "ids of other players in the report",
        "injuries",
        shifted("gsis_id", 7),
        "refused",
        "are out on the injury report",
    ),
    Mutation(
        "all snaps twice",
        "snap_counts",
        lambda f, _: pd.concat([f, f]),
        "mended",
        "one of each is read",
    ),
    Mutation(
        "two counts of some players",
        "snap_counts",
        two_counts,
        "warned",
        "week 12 has different snaps of the same players, which are left out",
    ),
    Mutation(
        "all snaps are 0",
        "snap_counts",
        set_to("offense_snaps", 0.0),
        "refused",
        "nobody of a team has the snaps of a whole game",
    ),
    Mutation(
        "last week's snaps of the league",
        "snap_counts",
        last_week,
        "refused",
        "have as many snaps as the week before",
    ),
    Mutation(
        "defensive snaps as offensive ones",
        "snap_counts",
        lambda f, _: f.assign(offense_snaps=f["defense_snaps"]),
        "refused",
        "more passes",
    ),
    Mutation(
        "twice the snaps",
        "snap_counts",
        lambda f, _: f.assign(offense_snaps=f["offense_snaps"] * 2),
        "refused",
        "offense_snaps",
    ),
    Mutation(
        "snaps of special teams as offensive ones",
        "snap_counts",
        lambda f, _: f.assign(offense_snaps=f["st_snaps"]),
        "refused",
        "more passes",
    ),
    Mutation(
        "no snaps of the week",
        "snap_counts",
        rosters(lambda f, w: f[~w]),
        "warned",
        "has no rows for week 12",
    ),
    Mutation(
        "no snaps of a team",
        "snap_counts",
        rosters(lambda f, w: f[~(w & (f["team"] == "DET"))]),
        "warned",
        "no snap counts of DET",
    ),
    Mutation(
        "players with others' snaps",
        "snap_counts",
        shifted("pfr_player_id"),
        "refused",
        "more passes",
    ),
)


# Ids


def second_person(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    """Put another person, with more ids, before a player with the same gsis_id."""
    row = frame[frame["name"] == "Jared Goff"].copy()
    row["name"], row["birthdate"], row["espn_id"] = "Another Goff", date(1970, 1, 1), 1
    row["mfl_id"] = 1
    return pd.concat([row, frame], ignore_index=True)


ID_MUTATIONS = (
    Mutation(
        "every other player missing",
        "player_ids",
        lambda f, _: f.iloc[::2],
        "warned",
        "of active fantasy players have one",
    ),
    Mutation("no file of players", "players", lambda f, _: f.iloc[:0], "warned", "players 2024"),
    Mutation(
        "the text NA as Sleeper id",
        "player_ids",
        lambda f, _: f.assign(sleeper_id="NA"),
        "warned",
        "sleeper_id",
    ),
    Mutation(
        "blanks as ESPN id", "player_ids", lambda f, _: f.assign(espn_id="  "), "warned", "espn_id"
    ),
    Mutation(
        "Sleeper ids of other players",
        "player_ids",
        shifted("sleeper_id"),
        "refused",
        "sleeper_id of",
    ),
    Mutation(
        "FantasyPros ids of other players",
        "player_ids",
        shifted("fantasypros_id"),
        "refused",
        "have another id than the week before",
    ),
    Mutation(
        "ESPN ids in Yahoo's column",
        "player_ids",
        lambda f, _: f.assign(yahoo_id=f["espn_id"]),
        "refused",
        "yahoo_id of",
    ),
    Mutation(
        "one Sleeper id for everybody",
        "player_ids",
        lambda f, _: f.assign(sleeper_id="4984"),
        "refused",
        "sleeper_id of",
    ),
    Mutation("gsis_ids of other players", "player_ids", shifted("gsis_id"), "refused", " of "),
    Mutation(
        "two persons under one gsis_id",
        "player_ids",
        second_person,
        "mended",
        "the one with the player's name and date of birth counts",
    ),
)


# The schedule


def game(away: str, home: str) -> Callable[[pd.DataFrame], pd.Series]:
    return lambda f: (f["away_team"] == away) & (f["home_team"] == home)


def games(change: Callable[[pd.DataFrame], Any]) -> Change:
    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        found = change(frame)
        return frame if found is None else found

    return apply


def game_set(week: int, team: str, **values: object) -> Change:
    """Return a change of some columns of one game, by its home team."""

    def apply(frame: pd.DataFrame) -> None:
        at = here(frame, week) & (frame["home_team"] == team)
        assert at.sum() == 1
        for name, value in values.items():
            frame.loc[at, name] = value(frame.loc[at, name]) if callable(value) else value

    return games(apply)


def exchanged_opponents(frame: pd.DataFrame) -> None:
    coming = frame[here(frame, COMING)].index[:2]
    frame.loc[coming, "away_team"] = frame.loc[coming, "away_team"].tolist()[::-1]


def home_sides(frame: pd.DataFrame) -> None:
    coming = here(frame, COMING)
    sides = frame.loc[coming, ["home_team", "away_team"]].to_numpy()
    frame.loc[coming, ["away_team", "home_team"]] = sides


def spreads_reversed(frame: pd.DataFrame, rows: pd.Series) -> None:
    frame.loc[rows, "spread_line"] = -frame.loc[rows, "spread_line"]
    frame.loc[rows, ["home_moneyline", "away_moneyline"]] = None


def later(hours: int) -> Change:
    """Return a change of all kick-offs of the season, as if they were of another zone."""

    def apply(frame: pd.DataFrame) -> pd.DataFrame:
        times = frame["gametime"].map(lambda at: f"{(int(at[:2]) + hours) % 24:02}{at[2:]}")
        return frame.assign(gametime=times)

    return games(apply)


SCHEDULE_MUTATIONS = (
    Mutation(
        "all scores doubled",
        "schedule",
        games(lambda f: f.assign(**{n: f[n] * 2 for n in ("home_score", "away_score")})),
        "refused",
        "the games have a mean of",
        (),
    ),
    Mutation(
        "all games at neutral sites",
        "schedule",
        games(lambda f: f.assign(location="Neutral")),
        "warned",
        "100% of the games are at a neutral site",
        (),
    ),
    Mutation(
        "all roofs closed",
        "schedule",
        games(lambda f: f.assign(roof="dome")),
        "warned",
        "0% of the games are outdoors",
        (),
    ),
    Mutation(
        "all spreads of the coming week are 0",
        "schedule",
        games(lambda f: f.assign(spread_line=f["spread_line"].where(~here(f, COMING), 0.0))),
        "warned",
        "100% of the games have a spread of 0",
        (),
    ),
    Mutation(
        "all kick-offs in UTC", "schedule", later(5), "warned", "kick off before 9 in New York", ()
    ),
    Mutation(
        "the coming week is of the play-offs",
        "schedule",
        games(lambda f: f.assign(game_type=f["game_type"].where(~here(f, COMING), "WC"))),
        "refused",
        "has games of the play-offs, but a later week",
        (),
    ),
    Mutation(
        "a wrong score",
        "schedule",
        game_set(WEEK, "IND", away_score=31),
        "refused",
        "DET scored 31 points",
    ),
    Mutation(
        "a score the other way round",
        "schedule",
        game_set(WEEK, "IND", home_score=24, away_score=6),
        "refused",
        "scored",
    ),
    Mutation(
        "only one score of a game",
        "schedule",
        game_set(WEEK, "IND", home_score=None),
        "refused",
        "only one team has a score",
        (),
    ),
    Mutation(
        "a final game without a score",
        "schedule",
        game_set(WEEK - 2, "HOU", home_score=None, away_score=None),
        "warned",
        "has no score, but later games have one",
        (),
    ),
    Mutation(
        "opponents of two coming games exchanged",
        "schedule",
        games(exchanged_opponents),
        "warned",
        "instead of",
        (),
    ),
    Mutation(
        "home sides of the coming week exchanged",
        "schedule",
        games(home_sides),
        "warned",
        "is at home now",
        (),
    ),
    Mutation(
        "a coming game a day later",
        "schedule",
        game_set(COMING, "DET", gameday="2024-11-29"),
        "warned",
        "kicks off at 2024-11-29",
        (),
    ),
    Mutation(
        "a played game a day later",
        "schedule",
        game_set(WEEK, "IND", gameday="2024-11-25"),
        "warned",
        "DET-IND kicks off at 2024-11-25",
        (),
    ),
    Mutation(
        "one kick-off for all games of the coming week",
        "schedule",
        games(
            lambda f: f.assign(
                gameday=f["gameday"].where(~here(f, COMING), "2024-12-01"),
                gametime=f["gametime"].where(~here(f, COMING), "13:00"),
            )
        ),
        "warned",
        "games kick off at the same time",
        (),
    ),
    Mutation(
        "a coming game missing",
        "schedule",
        games(lambda f: f[~(here(f, COMING) & (f["home_team"] == "DET"))]),
        "warned",
        "has no game in the weeks",
        (),
    ),
    Mutation(
        "the coming week missing",
        "schedule",
        games(lambda f: f[~here(f, COMING)]),
        "refused",
        "has no game of this week",
        (),
    ),
    Mutation(
        "a team against itself",
        "schedule",
        game_set(COMING, "DET", away_team="DET"),
        "refused",
        "plays itself",
        (),
    ),
    Mutation(
        "a team with two games in a week",
        "schedule",
        game_set(COMING, "DET", away_team="KC"),
        "refused",
        "KC has 2 games in one week",
        (),
    ),
    Mutation(
        "a spread with the wrong sign",
        "schedule",
        game_set(WEEK, "IND", spread_line=lambda s: -s),
        "warned",
        "the moneyline favours the other team",
        (),
    ),
    Mutation(
        "all spreads of the coming week with the wrong sign, without moneylines",
        "schedule",
        games(lambda f: spreads_reversed(f, here(f, COMING))),
        "warned",
        "the underdogs of the weeks before",
        (),
    ),
    Mutation(
        "all spreads of the season with the wrong sign, without moneylines",
        "schedule",
        games(lambda f: spreads_reversed(f, here(f) | ~here(f))),
        "warned",
        "2024: the spreads favour the teams that lost",
        (),
    ),
    Mutation(
        "halved totals of a week",
        "schedule",
        games(lambda f: f.assign(total_line=f["total_line"].where(~here(f), f["total_line"] / 2))),
        "warned",
        "the totals have a mean of",
        (),
    ),
    Mutation(
        "a spread of 40 points",
        "schedule",
        game_set(WEEK, "IND", spread_line=40.0),
        "warned",
        "that no game ever had",
        (),
    ),
    Mutation(
        "a total of 75 points",
        "schedule",
        game_set(WEEK, "IND", total_line=75.0),
        "warned",
        "that no game ever had",
        (),
    ),
    Mutation(
        "a total of 5 points",
        "schedule",
        game_set(WEEK, "IND", total_line=5.0),
        "refused",
        "total_line",
        (),
    ),
)


# NFL.com's files; the frame is in our contract, with the stated opponent and the line's points


def nflcom(change: Callable[[pd.DataFrame, Frames], pd.DataFrame]) -> Change:
    return change


def as_this_week(name: str, position: str | None = None) -> Change:
    """Return a change that puts the files of another week in place of this week's."""

    def apply(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
        other = frames[name].to_pandas(types_mapper=pd.ArrowDtype)
        other = other.assign(season=frame["season"].iloc[0], week=WEEK)
        if position is None:
            return other
        kept = frame[frame["position"] != position]
        return pd.concat([kept, other[other["position"] == position]], ignore_index=True)

    return apply


def times(factor: float, lines: bool) -> Change:
    """Return a change of the points; without `lines`, the file has no projected stat line."""

    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        line = frame["line_points"] if lines else None
        return frame.assign(points_half=frame["points_half"] * factor, line_points=line)

    return apply


def nflcom_exchanged(*places: int, team: str = "") -> Change:
    """Return a change that exchanges the points of two quarterbacks, or of a team's runners."""

    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        some = (frame["position"] == "RB") & (frame["team"] == team)
        some = some if team else frame["position"] == "QB"
        ranked = frame[some].sort_values("points_half", ascending=False, kind="stable").index
        one, other = (ranked[place] for place in places)
        names = ["points_half", "line_points"]
        first, second = frame.loc[one, names].tolist(), frame.loc[other, names].tolist()
        frame.loc[one, names], frame.loc[other, names] = second, first
        return frame

    return apply


def nflcom_reversed(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    """Give each position's best player the points of its worst, without stat lines."""
    ranked = frame.sort_values("points_half", kind="stable")
    for _, part in ranked.groupby("position"):
        frame.loc[part.index, "points_half"] = part["points_half"].tolist()[::-1]
    return frame.assign(line_points=None)


NFLCOM_MUTATIONS = (
    Mutation(
        "points of two quarterbacks of different teams exchanged",
        "nflcom",
        nflcom_exchanged(0, 25),
        "warned",
        "state each other's points of",
    ),
    Mutation(
        "points of two runners of a team exchanged",
        "nflcom",
        nflcom_exchanged(0, 1, team="DET"),
        "allowed",
        "they are 1.7 points apart, and two sources differ by more about one runner in five",
    ),
    Mutation(
        "points in the reverse order, without stat lines",
        "nflcom",
        nflcom_reversed,
        "warned",
        "has the points of other players for its QB",
    ),
    Mutation(
        "no file of the kickers",
        "nflcom",
        lambda f, _: f[f["position"] != "K"],
        "warned",
        "it has no file of the K",
    ),
    Mutation(
        "no players of ten teams",
        "nflcom",
        lambda f, _: f[~f["team"].isin(TEN)],
        "refused",
        "of their usual points",
    ),
    Mutation(
        "last week's files",
        "nflcom",
        as_this_week("nflcom_before"),
        "refused",
        "those of another week or season",
    ),
    Mutation(
        "last year's files",
        "nflcom",
        as_this_week("nflcom_last_year"),
        "refused",
        "those of another week or season",
    ),
    Mutation(
        "last week's file of one position",
        "nflcom",
        as_this_week("nflcom_before", "K"),
        "warned",
        "so the file is left out",
    ),
    Mutation("halved points", "nflcom", times(0.5, True), "refused", "of their own stat lines"),
    Mutation(
        "halved points, without stat lines",
        "nflcom",
        times(0.5, False),
        "refused",
        "of their usual points",
    ),
    Mutation(
        "doubled points, without stat lines",
        "nflcom",
        times(2.0, False),
        "refused",
        "of their usual points",
    ),
    Mutation("PPR points", "nflcom", times(1.17, True), "refused", "of their own stat lines"),
    Mutation(
        "points of other players",
        "nflcom",
        shifted("points_half", 40),
        "refused",
        "of their own stat lines",
    ),
    Mutation(
        "20 rows",
        "nflcom",
        lambda f, _: f.groupby("position").head(4),
        "refused",
        "players in the QB file",
    ),
    Mutation(
        "no stated opponents",
        "nflcom",
        lambda f, _: f.assign(opponent=None),
        "warned",
        "nothing shows that they are of this week",
    ),
    Mutation("infinite points", "nflcom", times(np.inf, False), "refused", "usual points"),
    Mutation(
        "no players of a team",
        "nflcom",
        lambda f, _: f[f["team"] != "DET"],
        "warned",
        "its answer has nearly no player of DET",
    ),
    Mutation(
        "the files of runners and receivers exchanged",
        "nflcom",
        lambda f, _: f.assign(position=f["position"].replace({"WR": "RB", "RB": "WR"})),
        "warned",
        "its RB file are rostered as RB, so the file is left out",
    ),
)


# ESPN's answer, one row per player


def espn_times(factor: float, *positions: int) -> Change:
    """Return a change of the points of all players, or of some positions."""

    def apply(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
        some = frame["defaultPositionId"].isin(positions or frame["defaultPositionId"].unique())
        points = frame["appliedTotal"]
        return frame.assign(appliedTotal=points.where(~some, points * factor))

    return apply


def espn_last_week(frame: pd.DataFrame, frames: Frames) -> pd.DataFrame:
    """Return the answer about the week before, as if it were about this week."""
    return frames["espn_before"].to_pandas(types_mapper=pd.ArrowDtype).assign(scoringPeriodId=WEEK)


def espn_points_exchanged(frame: pd.DataFrame, _: Frames) -> pd.DataFrame:
    """Give quarterbacks the points of tight ends of the same rank, and the reverse."""
    ranks = {
        number: frame.loc[frame["defaultPositionId"] == number, "appliedTotal"].sort_values(
            ascending=False
        )
        for number in (1, 4)
    }
    count = min(map(len, ranks.values()))
    one, other = (ranks[number].index[:count] for number in (1, 4))
    first, second = (
        frame.loc[one, "appliedTotal"].tolist(),
        frame.loc[other, "appliedTotal"].tolist(),
    )
    frame.loc[one, "appliedTotal"], frame.loc[other, "appliedTotal"] = second, first
    return frame


DETROIT = 8
"""ESPN's number of the team."""
ESPN_MUTATIONS = (
    Mutation(
        "no players of ten teams",
        "espn",
        lambda f, _: f[~f["proTeamId"].isin(range(1, 11))],
        "warned",
        "its answer has only",
    ),
    Mutation(
        "no kickers",
        "espn",
        lambda f, _: f[f["defaultPositionId"] != 5],
        "warned",
        "its answer has only 0 K",
    ),
    Mutation("points of last year", "espn", lambda f, _: f.assign(seasonId=2023), "warned", "no"),
    Mutation("halved points", "espn", espn_times(0.5), "refused", "of their usual points"),
    Mutation("doubled points", "espn", espn_times(2), "refused", "of their usual points"),
    Mutation("halved points of the kickers", "espn", espn_times(0.5, 5), "refused", "the K have"),
    Mutation("last week's answer", "espn", espn_last_week, "refused", "have no game in week 12"),
    Mutation(
        "points of quarterbacks and tight ends exchanged",
        "espn",
        espn_points_exchanged,
        "refused",
        "the QB have",
    ),
    Mutation(
        "positions of quarterbacks and tight ends exchanged",
        "espn",
        lambda f, _: f.assign(defaultPositionId=f["defaultPositionId"].replace({1: 4, 4: 1})),
        "mended",
        "the rosters' positions count",
    ),
    Mutation(
        "no players of a team",
        "espn",
        lambda f, _: f[f["proTeamId"] != DETROIT],
        "warned",
        "its answer has nearly no player of DET",
    ),
    Mutation("ids of other players", "espn", shifted("id"), "refused", "have another name"),
    Mutation(
        "points of other players",
        "espn",
        shifted("appliedTotal", 40),
        "refused",
        "have no game in week 12",
    ),
    Mutation(
        "no points",
        "espn",
        espn_times(0),
        "warned",
        "no projection among",
    ),
)

MUTATIONS = (
    *STAT_MUTATIONS,
    *ROSTER_MUTATIONS,
    *HEALTH_MUTATIONS,
    *ID_MUTATIONS,
    *SCHEDULE_MUTATIONS,
    *NFLCOM_MUTATIONS,
    *ESPN_MUTATIONS,
)
