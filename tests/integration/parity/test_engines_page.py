"""docs/engines.md says what the matrix plays and what differs on purpose, and is made of it.

To write it anew: ALERTS_WRITE_DOCS=1 pytest tests/integration/parity/test_engines_page.py
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from parity_differences import DIFFERENCES
from parity_engines import ROOT
from parity_scenarios import PLAYS, TOGETHER
from test_parity_of_rules import CHANGES

PAGE = ROOT / "docs" / "engines.md"
MARKS = "<!-- {} of the parity tests: made by test_engines_page.py -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(text: str) -> str:
    """The page with its tables as they are now."""
    parts = {
        "differences": table(
            ("what", "embedded engine", "pulumi", "why it stays"),
            ([item.where, item.embedded, item.real, item.why] for item in DIFFERENCES),
        ),
        "scenarios": "\n".join(
            (
                "In one update of everything: " + ", ".join(TOGETHER) + ".\n",
                "With rows of the tables: " + ", ".join(CHANGES) + ".\n",
                "With runs of their own:\n",
                table(("scenario", "what is done"), ([n, p.about] for n, p in PLAYS.items())),
            )
        ),
    }
    for name, made in parts.items():
        begin, end = MARKS.format(name), MARKS.format(f"end of the {name}")
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n\n{made}\n\n{end}{after}"
    return text


def test_the_page_is_current() -> None:
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("ALERTS_WRITE_DOCS"):
        PAGE.write_text(page(text), encoding="utf-8")
        return
    assert page(text) == text, "write it anew with ALERTS_WRITE_DOCS=1"


def test_the_matrix_has_not_shrunk() -> None:
    assert len(TOGETHER) + len(PLAYS) + len(CHANGES) >= 50
