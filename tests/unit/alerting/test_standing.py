"""An alert goes on saying what means nothing, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.evaluation import closed
from databricks_alerts.rules.standing import as_it_stands

SPACES = st.text(" \t\n", max_size=3)
QUERIES = st.sampled_from(["SELECT 1 AS v", "SELECT 1 AS v -- end", "SELECT 1; -- x", "SELECT 2"])


def body(query: str, **source: Any) -> dict[str, Any]:
    return {"query_text": query, "evaluation": {"source": source}}


@given(QUERIES, QUERIES, SPACES, SPACES)
def test_a_query_is_kept_if_it_runs_the_same_in_brackets(
    wanted: str, standing: str, before: str, behind: str
) -> None:
    there = before + standing + behind
    kept = as_it_stands(body(closed(wanted), name="v"), body(there, name="v"))["query_text"]
    assert kept in (closed(wanted), there)
    assert closed(kept) == closed(wanted)
    assert kept.strip() == closed(wanted).strip()
    assert "--" not in kept or "\n" in kept[len(kept.rstrip()) :]


def test_a_display_name_is_kept_if_it_is_the_name() -> None:
    for display, kept in (("v", {"name": "v", "display": "v"}), ("w", {"name": "v"})):
        found = as_it_stands(body("q", name="v"), body("q", name="v", display=display))
        assert found["evaluation"]["source"] == kept
    other = as_it_stands(body("q", name="w"), body("q", name="v", display="v"))
    assert other["evaluation"]["source"] == {"name": "w"}
