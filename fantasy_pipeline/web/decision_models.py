"""The bodies of requests and responses about decisions; see `models.py`.

Names of fields are an interface. They never change.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from fantasy_pipeline.decisions.odds import SIMULATIONS
from fantasy_pipeline.football.scoring import Scoring
from fantasy_pipeline.football.season_week import FIRST_SEASON, LAST_SEASON, WEEKS
from fantasy_pipeline.web.models import LOWER, NoParameters

_TEAM = "Id, name or manager of a fantasy team, or a part of it"


class WeekQuery(NoParameters):
    """A week; without season and week: the week to show now."""

    season: int | None = Field(None, ge=FIRST_SEASON, le=LAST_SEASON, description="Season")
    week: int | None = Field(None, ge=WEEKS[0], le=WEEKS[-1], description="Week of the season")

    @model_validator(mode="after")
    def _both_or_neither(self) -> "WeekQuery":
        if (self.season is None) != (self.week is None):
            raise ValueError("give both season and week, or neither for the week to show now")
        return self


class LineupQuery(WeekQuery):
    """A team, and what its manager decides himself."""

    team: str = Field(min_length=1, max_length=100, description=_TEAM)
    objective: Annotated[Literal["mean", "floor", "ceiling", "win"], LOWER] = Field(
        "mean", description="What to maximise"
    )
    lock: list[str] = Field([], max_length=30, description="Players who must start")
    exclude: list[str] = Field([], max_length=30, description="Players who must not start")
    opponent: str | None = Field(
        None, min_length=1, max_length=100, description="The opponent; default: as in the lake"
    )


class TradeQuery(WeekQuery):
    """The players of a trade, or `find` for the best trades."""

    give: list[str] = Field([], max_length=20, description="Players of one team")
    get: list[str] = Field([], max_length=20, description="Players of another team")
    find: bool = Field(False, description="Find the trades that help both teams most")
    team: str | None = Field(
        None, min_length=1, max_length=100, description=f"With find. {_TEAM}; default: any"
    )
    top: int | None = Field(None, ge=1, le=100, description="With find: number of trades")

    @model_validator(mode="after")
    def _one_of_both(self) -> "TradeQuery":
        if self.find and (self.give or self.get):
            raise ValueError("find takes no give and get; give either of them")
        if not self.find and not (self.give and self.get):
            raise ValueError("give both give and get, or find=true for the best trades")
        if not self.find and (self.team is not None or self.top is not None):
            raise ValueError("team and top need find=true")
        return self


class WaiversQuery(WeekQuery):
    """A team, and the number of players."""

    team: str = Field(min_length=1, max_length=100, description=_TEAM)
    top: int = Field(10, ge=1, le=500, description="Number of players")


class OddsQuery(WeekQuery):
    """The number of simulated seasons."""

    sims: int = Field(SIMULATIONS, ge=100, le=SIMULATIONS, description="Simulated seasons")


class ScoredQuery(WeekQuery):
    """A week, and whose points: those of a scoring system, or of a league."""

    league: str | None = Field(None, max_length=100, description="Scoring of a registered league")
    scoring: Annotated[Scoring, LOWER] = Field(
        "ppr", description="Scoring system of the points; not beside `league`"
    )

    @model_validator(mode="after")
    def _one_scoring(self) -> "ScoredQuery":
        if self.league is not None and "scoring" in self.model_fields_set:
            raise ValueError("league and scoring contradict each other; give one of them")
        return self


class CompareQuery(ScoredQuery):
    """The players to compare."""

    player: list[str] = Field(
        min_length=2, max_length=8, description="Names, parts of names, or ids"
    )


class OfWeek(BaseModel):
    """An answer about a week. `data` is the label of synthetic data; null for real data."""

    season: int
    week: int
    data: str | None


class Lineup(OfWeek):
    """The best line-up of a team, one starter per slot."""

    league: str
    team_id: str
    team_name: str | None
    objective: str
    starters: list[dict[str, Any]]
    projected_points: float
    p10_sum: float
    p90_sum: float
    swaps: list[dict[str, Any]]
    empty: list[dict[str, Any]]
    opponent_id: str | None
    opponent_points: float | None
    chance_to_win: float | None
    current_chance_to_win: float | None
    rosters_of: dict[str, int]
    estimated_positions: list[str]


class TradeSide(BaseModel):
    """A team of a trade: the points of its best line-ups over the remaining weeks."""

    team: str
    gives: str
    before: float
    after: float
    change: float
    p10: float
    p90: float
    better: float
    market_value: int | None


class MarketValues(BaseModel):
    """The day of the market values; `note`: why there are none."""

    as_of: date | None
    note: str | None


class JudgedTrade(BaseModel):
    """A trade over a number of weeks."""

    weeks: int
    teams: list[TradeSide]


class Trade(OfWeek, JudgedTrade):
    """The effect of a trade on both teams."""

    league: str
    market_values: MarketValues


class FoundTrades(OfWeek):
    """The best of all compared trades."""

    league: str
    compared: int
    market_values: MarketValues
    trades: list[JudgedTrade]


class FreeAgent(BaseModel):
    """A free agent: points that he adds to the line-ups, and the player to drop for him."""

    player_id: str
    player: str | None
    position: str
    nfl_team: str | None
    this_week: float
    rest_of_season: float
    drop: str | None
    projected_points: float
    status: str | None
    trending_adds: int | None


class FreeAgents(OfWeek):
    """The best free agents for a team; `note`: why trending adds are missing."""

    league: str
    team_id: str
    team_name: str | None
    rosters_of: dict[str, int]
    note: str | None
    players: list[FreeAgent]


class TeamOdds(BaseModel):
    """A team's record so far, and its chances, 0-1."""

    team_id: str
    team_name: str | None
    division: str | None
    wins: int
    losses: int
    ties: int
    points: float
    all_play: float | None
    luck: float
    efficiency: float | None
    expected_points: float
    power: int
    expected_wins: float
    playoffs: float
    bye: float
    title: float


class Odds(OfWeek):
    """The odds of a league's teams before a week, the likeliest champion first."""

    league: str
    playoff_teams: int
    drawn_weeks: list[int]
    simulations: int
    teams: list[TeamOdds]


class Comparison(OfWeek):
    """Players side by side."""

    scoring: str
    players: list[dict[str, Any]]
