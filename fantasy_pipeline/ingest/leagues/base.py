"""The answer of an adapter about a league: its settings, teams, rosters and games.

Slots have one vocabulary for all platforms, that of `football/slots.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from fantasy_pipeline.errors import NotPublishedError, PipelineError, SourceError
from fantasy_pipeline.football.slots import starting_slots

DATASET = "league"
LAST_WEEK = 18
"""Last week in which leagues of a platform play; those of a file may play later."""
Json = dict[str, Any]
"""An answer of a platform, or settings as they are stored."""
_MOST_POINTS = 1000
"""Points that no scoring key pays more than."""
POINTS, HEAD_TO_HEAD = "points", "head_to_head"
TIE_BREAKS = (POINTS, HEAD_TO_HEAD)
"""What orders teams with equal records: points scored, or the games between them, then points."""
NO_OPPONENT = "-"


@dataclass(frozen=True)
class Team:
    """A fantasy team; its division is None in a league without divisions."""

    team_id: str
    name: str | None = None
    manager: str | None = None
    division: str | None = None


@dataclass(frozen=True)
class Playoffs:
    """The play-off rules of a league; `LeagueSeason.playoff_week` has the first week.

    Args:
        teams: number of teams in the play-offs; None: not stated.
        round_weeks: number of weeks of each round; empty: one each.
        reseeds: after each round the best seed left meets the worst one; otherwise the bracket is
            fixed.
        tie_break: what orders teams with equal records, one of `TIE_BREAKS`.
    """

    teams: int | None = None
    round_weeks: list[int] = field(default_factory=list)
    reseeds: bool = False
    tie_break: str = POINTS


def round_lengths(teams: int, weeks: Sequence[int]) -> tuple[int, ...]:
    """Return the number of weeks of each round that a number of teams needs.

    Args:
        weeks: as the platform states them; rounds that it does not state have one week.
    """
    needed = (teams - 1).bit_length()
    return (*weeks, *[1] * needed)[:needed]


@dataclass(frozen=True)
class LeagueSeason:
    """The settings and teams of one season of a league.

    Args:
        platform: ``sleeper``, ``espn`` or ``file``.
        league_id: id of that season on the platform.
        title: name of the league on the platform.
        slots: slots of a roster, in order; BN is the bench.
        scoring: points by key (Sleeper, file), or scoring items (ESPN).
        playoff_week: first week of the play-offs; None: not stated.
        previous: id of the season before; None: none, or not stated.
        playoffs: the play-off rules of the league.
        opponents: by team, its opponent in each week of the regular season, from week 1 on;
            `NO_OPPONENT` where it has none, or the platform states none yet.
        matchup_weeks: number of weeks of each match-up of the regular season; empty: one each.
        more: other settings that the adapter needs.
    """

    platform: str
    league_id: str
    season: int
    title: str
    slots: list[str]
    scoring: Json | list[Json]
    teams: list[Team]
    playoff_week: int | None = None
    median_game: bool = False
    previous: str | None = None
    playoffs: Playoffs = field(default_factory=Playoffs)
    opponents: dict[str, list[str]] = field(default_factory=dict)
    matchup_weeks: list[int] = field(default_factory=list)
    more: Json = field(default_factory=dict)

    @property
    def last_week(self) -> int | None:
        """The last week of the play-offs; None: not stated."""
        first, teams = self.playoff_week, self.playoffs.teams
        if first is None or teams is None:
            return None
        return first + sum(round_lengths(teams, self.playoffs.round_weeks)) - 1

    @property
    def is_best_ball(self) -> bool:
        """Whether the platform picks each week's best line-up after the games."""
        return bool(self.more.get("best_ball"))

    def has_median_game(self, week: int) -> bool:
        """Return whether each team also plays against the median of a week: not in play-offs."""
        return self.median_game and (self.playoff_week is None or week < self.playoff_week)

    def to_json(self) -> Json:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Json) -> LeagueSeason:
        teams = [Team(**team) for team in stored["teams"]]
        playoffs = Playoffs(**stored.get("playoffs", {}))
        return cls(**{**stored, "teams": teams, "playoffs": playoffs})

    def empty_slots(self, spots: Iterable[Spot]) -> int:
        """Return how many slots of the line-up the players of a team leave empty."""
        return max(
            len(starting_slots(self.slots)) - sum(one.number is not None for one in spots), 0
        )


@dataclass(frozen=True)
class Spot:
    """A player on a fantasy team in one week.

    Args:
        player: id on the platform.
        slot: slot of the line-up, or BN, IR, TAXI.
        number: number of the slot in the line-up; None: not started.
        points: the platform's points; None: not stated.
        team: NFL team of a team's defence.
        name, positions: as the platform states them; None, empty: not stated.
    """

    team_id: str
    player: str
    slot: str
    number: int | None = None
    points: float | None = None
    team: str | None = None
    name: str | None = None
    positions: tuple[str, ...] = ()

    @property
    def is_defence(self) -> bool:
        return self.positions == ("DEF",)


@dataclass(frozen=True)
class TeamGame:
    """A fantasy team's week: its opponent and the platform's points; None: not stated."""

    team_id: str
    opponent_id: str | None
    points: float | None
    empty_slots: int = 0
    playoff_round: int | None = None
    is_custom: bool = False


@dataclass
class LeagueWeek:
    """The rosters and games of one week of a league; both are empty outside its season."""

    spots: list[Spot] = field(default_factory=list)
    games: list[TeamGame] = field(default_factory=list)


@dataclass(frozen=True)
class Registered:
    """A registered league.

    Args:
        seasons: the platform's id by season.
    """

    name: str
    platform: str
    seasons: dict[int, str] = field(default_factory=dict)


class Adapter(Protocol):
    """One platform.

    Args:
        id_column: column of `RAW_PLAYERS` and of the id map with the platform's player ids.
    """

    id_column: str

    def season(self, league_id: str, season: int | None = None) -> LeagueSeason:
        """Return a season of a league.

        Args:
            season: needed where one id stands for all seasons.

        Raises:
            NotPublishedError: the platform has no such league.
            SourceError: the platform failed, or its answer has another format.
        """

    def week(self, of: LeagueSeason, week: int) -> LeagueWeek:
        """Return a week of a season.

        Raises:
            NotPublishedError: the platform has nothing of the week.
            SourceError: the platform failed, or its answer has another format.
        """

    def current(self, of: LeagueSeason) -> LeagueWeek:
        """Return the rosters of a season as they are now, without games.

        Raises:
            NotPublishedError: the platform has no current rosters.
            SourceError: the platform failed, or its answer has another format.
        """


def check_points(key: str, value: object) -> float:
    """Return the points that a scoring key pays, as a league's settings state them.

    Raises:
        PipelineError: it is not a number of points that a league may pay.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PipelineError(f"league: the scoring key {key} is {value!r}, not a number.")
    if not abs(value) <= _MOST_POINTS:
        raise PipelineError(
            f"league: the scoring key {key} pays {value:g}, not a number between -{_MOST_POINTS} "
            f"and {_MOST_POINTS}."
        )
    return float(value)


@contextmanager
def without_wrong_weeks() -> Iterator[None]:
    """Skip the pairings of a week that the platform does not have, or states in a wrong way.

    The import of the week says what is wrong. A platform that cannot be reached is an error.
    """
    try:
        yield
    except (NotPublishedError, AttributeError, KeyError, TypeError, ValueError):
        return
    except PipelineError as error:
        if isinstance(error, SourceError):
            raise


def opponents_by_team(
    teams: Iterable[str], weeks: int, pairs: Iterable[tuple[int, str, str | None]]
) -> dict[str, list[str]]:
    """Return the opponents of each team in the first weeks of a season.

    Args:
        weeks: number of weeks.
        pairs: week, team and opponent; pairs of later weeks and of other teams are left out.
    """
    found = {team: [NO_OPPONENT] * weeks for team in teams}
    for week, team, other in pairs:
        if 1 <= week <= weeks and team in found and other in found:
            found[team][week - 1] = str(other)
    return found


def require(answer: object, kind: type, what: str) -> Any:
    """Return a part of an answer, if it is a JSON object or list as it should be.

    Raises:
        PipelineError: it is not.
    """
    if not isinstance(answer, kind):
        raise PipelineError(
            f"{what} is a {type(answer).__name__}, not a {kind.__name__}. The platform changed its "
            "format: update fantasy_pipeline."
        )
    return answer
