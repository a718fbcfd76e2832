"""Read leagues of any other platform from a YAML file with the rosters as CSV.

The files are read once, by `league add`; the lake keeps their content, so that workers on other
machines have it.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import yaml

from fantasy_pipeline.errors import NotPublishedError, PipelineError
from fantasy_pipeline.football.season_week import FIRST_SEASON, WEEKS
from fantasy_pipeline.football.slots import (
    ELIGIBLE,
    NOT_STARTED,
    slot_numbers,
    unknown_slots,
)
from fantasy_pipeline.football.teams import CURRENT_CODE, TEAMS
from fantasy_pipeline.ingest.leagues.base import (
    DATASET,
    POINTS,
    TIE_BREAKS,
    Json,
    LeagueSeason,
    LeagueWeek,
    Playoffs,
    Spot,
    Team,
    TeamGame,
    check_points,
    opponents_by_team,
)

_KEYS = {
    *("name", "season", "slots", "scoring", "rosters", "matchups", "median_game", "divisions"),
    *("playoff_week", "playoff_teams", "playoff_round_weeks", "reseeds", "tie_break"),
    "matchup_weeks",
}
_NEEDED = ("season", "slots", "scoring", "rosters")
_ROSTER_COLUMNS = ("week", "team", "player", "slot")


class File:
    """The adapter of a season that `read_file` returned."""

    id_column = "player_id"

    def season(self, league_id: str, season: int | None = None) -> LeagueSeason:
        raise NotPublishedError(
            DATASET, f"{league_id} is a file", "Run `league add file FILE` again to change it."
        )

    def week(self, of: LeagueSeason, week: int) -> LeagueWeek:
        found = LeagueWeek()
        rows = [row for row in of.more["rosters"] if row["week"] == week]
        games = {row["team"]: row for row in of.more["matchups"] if row["week"] == week}
        for team in dict.fromkeys(row["team"] for row in rows):
            own = [row for row in rows if row["team"] == team]
            numbers = slot_numbers(of.slots, [row["slot"] for row in own])
            spots = [_spot(row, number) for row, number in zip(own, numbers, strict=True)]
            found.spots += spots
            game, empty = games.get(team, {}), of.empty_slots(spots)
            found.games.append(TeamGame(team, game.get("opponent"), game.get("points"), empty))
        return found

    def current(self, of: LeagueSeason) -> LeagueWeek:
        raise NotPublishedError(
            DATASET, f"{of.league_id} is a file", "Its rosters have their weeks.", of.season
        )


def _spot(row: Json, number: int | None) -> Spot:
    """Return a player of a roster; `number` is that of his slot in the line-up."""
    player = row["player"]
    of_team = CURRENT_CODE.get(player, player)
    is_defence = of_team in TEAMS
    return Spot(
        row["team"],
        player,
        row["slot"],
        number,
        row.get("points"),
        of_team if is_defence else None,
        positions=("DEF",) if is_defence else (),
    )


def read_file(path: Path) -> LeagueSeason:
    """Return the season that a YAML file describes.

    Keys: ``season``; ``slots``, a list of roster slots; ``scoring``, points by Sleeper's keys or
    stat columns; ``rosters``, a CSV file beside the YAML file with the columns week, team, player
    (NFL player id, or team code of a defence), slot and optionally points; optionally ``name``,
    ``matchups`` (CSV: week, team, opponent, points; weeks to come without points; a row per pair
    is enough),
    ``playoff_week``, ``playoff_teams``, ``playoff_round_weeks`` (a list, weeks of each round),
    ``matchup_weeks`` (the same of the regular season), ``reseeds``, ``tie_break``, ``divisions``
    (lists of teams by name) and ``median_game``.

    Raises:
        PipelineError: a file cannot be read, or a key or column is missing or unknown.
    """
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        line = " ".join(str(error).split())
        raise PipelineError(f"league file {path} cannot be read: {line}.") from error
    _check_keys(settings, path)
    slots = _slots(settings, path)
    _check_scoring(settings, path)
    rosters = _rows(path.parent / str(settings["rosters"]), _ROSTER_COLUMNS)
    _check_slots(path.parent / str(settings["rosters"]), rosters, slots)
    games: list[Json] = []
    if matchups := settings.get("matchups"):
        games = _rows(path.parent / str(matchups), ("week", "team", "opponent"))
        games = _both_sides(path.parent / str(matchups), games, {row["team"] for row in rosters})
    if not isinstance(settings["season"], int) or settings["season"] < FIRST_SEASON:
        raise PipelineError(f"league file {path}: season must be a year, {FIRST_SEASON} or later.")
    teams = _teams(settings, rosters, path)
    playoff_week = _whole(settings, "playoff_week", path)
    return LeagueSeason(
        platform="file",
        league_id=path.stem,
        season=settings["season"],
        title=str(settings.get("name") or path.stem),
        slots=slots,
        scoring=settings["scoring"],
        teams=teams,
        playoff_week=playoff_week,
        playoffs=_playoffs(settings, path),
        opponents=opponents_by_team(
            [team.team_id for team in teams],
            (playoff_week or 1) - 1,
            [(row["week"], row["team"], row["opponent"]) for row in games],
        ),
        median_game=bool(settings.get("median_game")),
        matchup_weeks=_lengths(settings, "matchup_weeks", path),
        more={"rosters": rosters, "matchups": games},
    )


def _check_keys(settings: object, path: Path) -> None:
    if not isinstance(settings, dict):
        found = "is empty" if settings is None else "has no keys"
        raise PipelineError(
            f"league file {path} {found}. Write at least the keys {', '.join(_NEEDED)}, each as "
            "`key: value`."
        )
    if lacking := [key for key in _NEEDED if key not in settings]:
        raise PipelineError(f"league file {path}: no key {', '.join(lacking)}.")
    if unknown := sorted(set(map(str, settings)) - _KEYS):
        raise PipelineError(
            f"league file {path}: unknown key {', '.join(unknown)}; known are "
            f"{', '.join(sorted(_KEYS))}."
        )


def _slots(settings: Json, path: Path) -> list[str]:
    """Return the slots of a roster.

    Raises:
        PipelineError: they are no list, or one is unknown.
    """
    slots = settings["slots"]
    if not isinstance(slots, list):
        raise PipelineError(f"league file {path}: slots must be a list, e.g. [QB, RB, FLEX, BN].")
    slots = [str(slot) for slot in slots]
    if unknown := unknown_slots(slots):
        raise PipelineError(
            f"league file {path}: slots that are not known: {', '.join(unknown)}. Use "
            f"{', '.join((*ELIGIBLE, *NOT_STARTED))}."
        )
    return slots


def _check_scoring(settings: Json, path: Path) -> None:
    """Check that every scoring key pays a number of points.

    Raises:
        PipelineError: names the key.
    """
    scoring = settings["scoring"]
    if not isinstance(scoring, dict):
        raise PipelineError(
            f"league file {path}: scoring must be keys with points, e.g. {{pass_td: 4, rec: 1}}."
        )
    for key, value in scoring.items():
        try:
            check_points(str(key), value)
        except PipelineError as error:
            wrong = str(error).removeprefix(f"{DATASET}: ")
            raise PipelineError(f"league file {path}: {wrong} Correct the file.") from error


def _teams(settings: Json, rosters: list[Json], path: Path) -> list[Team]:
    """Return the teams of the rosters, each with its division.

    Raises:
        PipelineError: the divisions leave out a team, or name one twice or one without a roster.
    """
    names = sorted({row["team"] for row in rosters})
    divisions = settings.get("divisions") or {}
    if not isinstance(divisions, dict) or not all(isinstance(x, list) for x in divisions.values()):
        raise PipelineError(
            f"league file {path}: divisions must be lists of teams, e.g. {{East: [Ann, Bob], West: "
            "[Cem, Dee]}."
        )
    of_team = [
        (str(team), str(division)) for division, members in divisions.items() for team in members
    ]
    if of_team and sorted(team for team, _ in of_team) != names:
        raise PipelineError(
            f"league file {path}: divisions must name each team of the rosters once: "
            f"{', '.join(names)}."
        )
    division = dict(of_team)
    return [Team(name, name, division=division.get(name)) for name in names]


def _playoffs(settings: Json, path: Path) -> Playoffs:
    """Return the play-off rules of the league.

    Raises:
        PipelineError: a value is not of its kind.
    """
    tie_break = settings.get("tie_break", POINTS)
    if tie_break not in TIE_BREAKS:
        known = ", ".join(TIE_BREAKS)
        raise PipelineError(f"league file {path}: tie_break {tie_break!r} is none of {known}.")
    weeks = _lengths(settings, "playoff_round_weeks", path)
    teams = _whole(settings, "playoff_teams", path)
    return Playoffs(teams, weeks, bool(settings.get("reseeds")), tie_break)


def _lengths(settings: Json, key: str, path: Path) -> list[int]:
    """Return the number of weeks of each match-up or round; empty: not stated.

    Raises:
        PipelineError: the value is no list of whole numbers above 0.
    """
    weeks = settings.get(key) or []
    if not isinstance(weeks, list) or not all(isinstance(one, int) and one > 0 for one in weeks):
        each = "round" if key == "playoff_round_weeks" else "match-up of the regular season"
        raise PipelineError(
            f"league file {path}: {key} must be a list of numbers, one per {each}, e.g. [1, 1, 2]."
        )
    return weeks


def _whole(settings: Json, key: str, path: Path) -> int | None:
    """Return a number of the settings; None: not stated.

    Raises:
        PipelineError: the value is no whole number above 0.
    """
    value = settings.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or value < 1:
        raise PipelineError(f"league file {path}: {key} must be a whole number above 0.")
    return value


def _rows(path: Path, columns: tuple[str, ...]) -> list[Json]:
    """Return the rows of a CSV file, with numbers for week and points.

    Raises:
        PipelineError: the file cannot be read, lacks a column, or has a text for a number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows: list[Json] = list(csv.DictReader(file))
    except (OSError, UnicodeError, csv.Error) as error:
        raise PipelineError(f"league file {path} cannot be read: {error}.") from error
    for number, row in enumerate(rows, 2):
        if lacking := [name for name in columns if not row.get(name)]:
            raise PipelineError(f"league file {path}, line {number}: no {', '.join(lacking)}.")
        row["week"] = _week(row["week"], f"league file {path}, line {number}")
        row["points"] = _points(row.get("points"), f"league file {path}, line {number}")
    return rows


def _week(text: str, where: str) -> int:
    week = int(text) if text.strip().isdecimal() else 0
    if week not in WEEKS:
        raise PipelineError(
            f"{where}: there is no week {text}. Write a number from {min(WEEKS)} to {max(WEEKS)}."
        )
    return week


def _points(text: str | None, where: str) -> float | None:
    if not text:
        return None
    try:
        points = float(text)
    except ValueError:
        points = math.nan
    if not math.isfinite(points):
        raise PipelineError(
            f"{where}: {text} is not a number of points. Write a number, or nothing."
        )
    return points


def _check_slots(path: Path, rosters: list[Json], slots: list[str]) -> None:
    """Check that every player is in a slot of the league, on its bench, or out.

    Raises:
        PipelineError: names the first line with another slot.
    """
    known = {*slots, *NOT_STARTED}
    for number, row in enumerate(rosters, 2):
        if row["slot"] not in known:
            raise PipelineError(
                f"league file {path}, line {number}: the league has no slot {row['slot']}; it has "
                f"{', '.join(sorted(known))}."
            )


def _both_sides(path: Path, games: list[Json], teams: set[str]) -> list[Json]:
    """Return the games with a row per team: a pair of one row gets that of the opponent.

    Raises:
        PipelineError: names the first line with a team that has no roster, with a second line of a
            team's week, or whose pair another line contradicts.
    """
    lines: dict[tuple[int, str], int] = {}
    for number, row in enumerate(games, 2):
        where, week, team = f"league file {path}, line {number}", row["week"], row["team"]
        for name in (team, row["opponent"]):
            if name not in teams:
                known = ", ".join(sorted(teams))
                raise PipelineError(
                    f"{where}: team {name} is not in the league, which has {known}."
                )
        if (week, team) in lines:
            raise PipelineError(f"{where}: team {team} has a second line of week {week}.")
        lines[week, team] = number
    opponents: dict[tuple[int, str], tuple[str, int]] = {}
    filled = list(games)
    for number, row in enumerate(games, 2):
        week, team, other = row["week"], row["team"], row["opponent"]
        for one, against in ((team, other), (other, team)):
            known_as, line = opponents.setdefault((week, one), (against, number))
            if known_as != against or one == against:
                also = f", but against {known_as} in line {line}" if known_as != against else ""
                raise PipelineError(
                    f"league file {path}, line {number}: team {one} plays against {against} in "
                    f"week {week}{also}. Correct the line that is wrong."
                )
        if (week, other) not in lines:
            filled.append({"week": week, "team": other, "opponent": team, "points": None})
    return filled


def weeks_of(season: LeagueSeason) -> list[int]:
    """Return the weeks of which a file has rosters, in order."""
    return sorted({row["week"] for row in season.more["rosters"]})
