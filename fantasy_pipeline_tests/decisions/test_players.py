"""Players by name: whole names first, candidates of an ambiguous one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fantasy_pipeline.decisions.players import find_player, plain_name
from fantasy_pipeline.errors import InvalidArgumentError
from fantasy_pipeline.ingest.names import PLAIN_NAME
from fantasy_pipeline.lake.duck import database


def named(number: int, name: str, position: str = "WR", team: str | None = "CIN") -> dict[str, Any]:
    return {"player_id": f"00-{number}", "player_name": name, "position": position, "team": team}


ROWS = [
    named(1, "Ja'Marr Chase"),
    named(2, "Chase Brown", "RB"),
    named(3, "Josh Allen", "QB", "BUF"),
    named(4, "Josh Allenby", "TE", None),
    named(5, "Odell Beckham Jr."),
    named(6, "Mike Williams", team="LAC"),
    named(7, "Mike Williams", team="TB"),
]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("00-3", 3),
        ("josh allen", 3),
        ("JAMARR", 1),
        ("ja'marr chase", 1),
        ("odell beckham", 5),
        ("Beckham III", 5),
        (" brown ", 2),
    ],
)
def test_a_player_is_found(text: str, number: int) -> None:
    assert find_player(ROWS, text)["player_id"] == f"00-{number}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chase", r"'chase' names 2 players: Ja'Marr Chase \(WR, CIN, 00-1\), Chase Brown \(RB"),
        ("josh", r"Josh Allenby \(TE, no team, 00-4\); give the id\."),
        ("mike williams", r"\(WR, LAC, 00-6\), Mike Williams \(WR, TB, 00-7\); give the id\."),
        ("nobody", r"no player named 'nobody' is projected; give a name"),
        ("...", "no player named"),
        (" ", "the player is empty"),
    ],
)
def test_a_text_of_nobody_or_several(text: str, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        find_player(ROWS, text)


@pytest.mark.parametrize("text", ["BUF D/ST", "buf d/st", " DST-BUF "])
@pytest.mark.parametrize(("position", "name"), [("DEF", "BUF"), ("DST", "BUF D/ST")])
def test_a_team_defence_has_the_name_that_projections_print(
    text: str, position: str, name: str
) -> None:
    # A line-up has the platform's id.
    defences = [named(8, name, position, "BUF"), named(9, "CIN", "DEF")]
    assert find_player([*ROWS, *defences], text) == defences[0]


def test_many_candidates_are_counted() -> None:
    rows = [named(number, f"John Smith {'abcdefghijk'[number]}") for number in range(11)]
    with pytest.raises(InvalidArgumentError, match=r"names 11 players: .* and 3 more; give the id"):
        find_player(rows, "smith")


@given(st.text(st.sampled_from("aéÜ'. -JrIVsr"), max_size=14))
def test_names_are_plain_as_in_sql(name: str) -> None:
    with database() as connection:
        connection.execute(PLAIN_NAME)
        found = connection.execute("select plain_name(?)", [name]).fetchone()
    assert found == (plain_name(name),)
