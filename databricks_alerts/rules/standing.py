"""What an alert that stands already says in another way, and may go on saying.

An editor leaves a line break behind a query, Databricks' page a display name that is the column's
own. Neither changes what the alert does, so neither is a reason to change the alert, or to refuse
to take it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def as_it_stands(wanted: Mapping[str, Any], standing: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a rule's alert, in the standing alert's way where that means the same."""
    kept = dict(wanted)
    query = standing.get("query_text")
    if isinstance(query, str) and _runs_alike(kept["query_text"], query):
        kept["query_text"] = query
    ours, theirs = kept["evaluation"], standing.get("evaluation") or {}
    kept["evaluation"] = {**ours, "source": _column(ours["source"], theirs.get("source"))}
    threshold = ours.get("threshold") or {}
    if threshold.get("column"):
        column = _column(threshold["column"], (theirs.get("threshold") or {}).get("column"))
        kept["evaluation"]["threshold"] = {"column": column}
    return kept


def _runs_alike(wanted: str, standing: str) -> bool:
    """Whether only spaces around the query differ, and a last comment still ends."""
    if wanted.strip() != standing.strip():
        return False
    return not wanted.endswith("\n") or "\n" in standing[len(standing.rstrip()) :]


def _column(wanted: Mapping[str, Any], standing: Mapping[str, Any] | None) -> dict[str, Any]:
    name = wanted["name"]
    named = standing is not None and standing.get("name") == standing.get("display") == name
    return {**wanted, "display": name} if named else dict(wanted)
