"""The queries and bodies of data routes; see `models.py`.

Names of fields are an interface. They never change.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from fantasy_pipeline.football.positions import LEAGUE_POSITIONS
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON
from fantasy_pipeline.football.teams import TEAMS
from fantasy_pipeline.operations.players import FEWEST_CHARACTERS
from fantasy_pipeline.web.decision_models import OfWeek, ScoredQuery, WeekQuery
from fantasy_pipeline.web.models import LOWER, UPPER, NoParameters

CURSOR = r"^(\d{1,7})-([0-9a-f]{12})$"
"""A cursor: rows before the page, and a digest of all rows."""
_Team = Annotated[str, Field(pattern=f"^({'|'.join(TEAMS)})$"), UPPER]
_Position = Annotated[str, Field(pattern=f"^({'|'.join(LEAGUE_POSITIONS)})$"), UPPER]
_Scoring = Annotated[Scoring, LOWER]
_PLAYER = "Id of a player, or a part of his name"


class PageQuery(NoParameters):
    """A page of rows."""

    limit: int = Field(1000, ge=1, le=5000, description="Rows per page")
    cursor: str | None = Field(
        None, pattern=CURSOR, description="`cursor` of the previous page, whose filters to repeat"
    )


class ProjectionsQuery(ScoredQuery, PageQuery):
    """The filters of a week's projections."""

    position: _Position | None = Field(
        None, description="Only this position; DL, LB and DB with a league that starts defenders"
    )
    player: str | None = Field(None, min_length=1, max_length=100, description=_PLAYER)
    team: _Team | None = Field(None, description="Only players of this NFL team")


class StatsQuery(WeekQuery, PageQuery):
    """The filters of a week's stat lines; without season and week: the latest imported week."""

    position: Annotated[str, Field(pattern=r"^[A-Z]{1,4}$"), UPPER] | None = Field(
        None, description="Only this position"
    )
    player: str | None = Field(None, min_length=1, max_length=100, description=_PLAYER)
    team: _Team | None = Field(None, description="Only players of this NFL team")


class SearchQuery(PageQuery):
    """A name to search for."""

    q: str = Field(
        min_length=FEWEST_CHARACTERS, max_length=100, description="Part of a name, or an id"
    )


class PlayerQuery(NoParameters):
    """A player's season, and the scoring."""

    season: int | None = Field(
        None, ge=FIRST_SEASON, le=LAST_SEASON, description="Season; default: his latest"
    )
    scoring: _Scoring = Field("ppr", description="Scoring system of the points")


class AccuracyQuery(PageQuery):
    """The scores to pool; the options of `fantasy-pipeline accuracy`."""

    season: list[int] = Field([], max_length=50, description="Seasons; default: all scored")
    by: Annotated[Literal["season", "week", "position"], LOWER] | None = Field(
        None, description="Group the scores; default: no groups"
    )
    scoring: Annotated[Literal["half", "ppr"], LOWER] = Field(
        "ppr", description="Scoring system of the points"
    )
    pool: Annotated[Literal["played", "all", "everyone"], LOWER] = Field(
        "played", description="Players to score: who played, all, or everyone projected high"
    )
    teams: bool = Field(False, description="Score teams' quarterbacks and kickers")


class WeeksQuery(PageQuery):
    """The season whose weeks to list."""

    season: int | None = Field(
        None,
        ge=FIRST_SEASON,
        le=LAST_SEASON,
        description="Season; default: all that the lake has, and the one in progress",
    )


class Rows(BaseModel):
    """A page of rows. `cursor` requests the next page; it is null on the last one.

    `data` is the label of synthetic data; null for real data.
    """

    rows: list[dict[str, Any]]
    cursor: str | None
    data: str | None


class Projections(Rows, OfWeek):
    """The projections of a week, highest points first; `scoring` may be a league."""

    scoring: str


class Stats(Rows, OfWeek):
    """The stat lines of a week, most PPR points first."""


class FoundPlayer(BaseModel):
    """A player, as of his latest week."""

    season: int
    week: int
    player_id: str
    player_name: str | None
    position: str | None
    team: str | None


class FoundPlayers(Rows):
    """The players whom a text names, whole names first."""

    rows: list[FoundPlayer]  # type: ignore[assignment]


class RestWeek(BaseModel):
    """A week to come of a player."""

    week: int
    opponent: str | None
    bye: bool
    points: float
    p10: float
    p90: float


class PlayerSeason(BaseModel):
    """A player's season: projections and results by week, and the rest of the season.

    `news` are the latest news items of the player, newest first; empty without the table `news`.
    """

    player_id: str
    player_name: str | None
    position: str | None
    team: str | None
    season: int
    scoring: str
    weeks: list[dict[str, Any]]
    rest_of_season: list[RestWeek]
    rest_as_of_week: int | None
    news: list[dict[str, Any]]
    data: str | None


class Week(BaseModel):
    """A week of the schedule, and what the deployment has of it."""

    season: int
    week: int
    state: str
    games: int
    games_over: int
    first_kickoff: datetime
    last_kickoff: datetime
    projected: bool
    scored: bool
    run_id: str | None


class Weeks(Rows):
    """The weeks of the schedule, in order, and the meaning of their states."""

    rows: list[Week]  # type: ignore[assignment]
    states: dict[str, str]
