"""Contract of the news about players."""

from __future__ import annotations

from fantasy_pipeline.football.tables.columns import (
    PLAYER_ID,
    PLAYER_NAME,
    PROJECTED_POSITION,
    SEASON,
    TEAM,
    WEEK,
)
from fantasy_pipeline.football.tables.contract import Column, Table

STORY, NOTE, INJURY, TRENDING = "story", "note", "injury", "trending"
OUT, DOUBTFUL, QUESTIONABLE, PLAYING = "Out", "Doubtful", "Questionable", "Playing"
LONGEST_HEADLINE = 300
"""Characters of a headline; a longer one is cut."""

NEWS = Table(
    "news",
    "News about players, as known before and during a week: one row per week, source, item and "
    "player. Only headline and link are stored. A later fetch adds items and never removes one.",
    ("season", "week", "source", "item", "player_id"),
    (
        SEASON,
        WEEK,
        Column(
            "source",
            "string",
            "Source of the item; sample: invented, in the sample league",
            allowed=("espn", "sleeper", "sample"),
            nullable=False,
        ),
        Column("item", "string", "Id of the item at its source", required=True),
        PLAYER_ID,
        PLAYER_NAME,
        PROJECTED_POSITION,
        TEAM,
        Column(
            "kind",
            "string",
            "story: an article; note: a note on the player's page; injury: the site's injury "
            "report; trending: how many managers added him in the last day",
            allowed=(STORY, NOTE, INJURY, TRENDING),
            nullable=False,
        ),
        Column("published", "timestamp", "When the source published the item, UTC", nullable=False),
        Column("headline", "string", "Headline, at most 300 characters", nullable=False),
        Column("url", "string", "Address of the item; null if the source gives none"),
        Column(
            "stated_status",
            "string",
            "What the item states about the player's next game; null if it states nothing",
            allowed=(OUT, DOUBTFUL, QUESTIONABLE, PLAYING),
        ),
        Column("as_of", "timestamp", "When the item was first downloaded, UTC", nullable=False),
    ),
)
