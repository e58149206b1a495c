"""The check of pages finds what it is for."""

from __future__ import annotations

import pytest
from html_check import problems


@pytest.mark.parametrize(
    ("markup", "problem"),
    [
        ("</div>", "</div> closes nothing"),
        ("<div>", "<div> is never closed"),
        ('<p id="a">x</p><p id="a">y</p>', "id a is there twice"),
        ('<input id="a">', "#a has no label"),
        ('<label for="b">x</label>', "nothing has the id b"),
        ("<table><tr><td>1</td></tr></table>", "a table has no caption"),
        ("<svg><circle/></svg>", "an svg has no name"),
        ("<h3>x</h3>", "h3 follows h1"),
        ("<h1>x</h1>", "there is not one h1"),
        ('<a href="/"></a>', "a <a> has no name"),
        ('<a href="https://x">x</a>', "<a> leads out to https://x"),
        ('<p onclick="x">x</p>', "<p> has a script"),
        ("<th>x</th>", "a th has no scope"),
    ],
)
def test_it_finds(markup: str, problem: str) -> None:
    assert problems(f"<h1>t</h1>{markup}") == [problem]


def test_what_is_good_is_good() -> None:
    field = '<label for="a">x</label><input id="a">'
    drawing = '<svg role="img" aria-label="y"><path d="M0 0"/></svg>'
    assert problems(f"<h1>t</h1>{field}{drawing}") == []
