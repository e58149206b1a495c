"""Which alerts the list shows, in which order, as a GET query asks for. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from databricks_alerts.local_workspace.page.charts import as_number

STATES = ("TRIGGERED", "ERROR", "UNKNOWN", "OK")
SEVERITIES = ("CRITICAL", "WARNING", "INFO")
NONE = "none"  # in a filter: those without a severity, without a domain
PAGE = 100
_SEVERITY = re.compile(rf"\[({'|'.join(SEVERITIES)})\]")


@dataclass(frozen=True)
class Row:
    """An alert as the list sorts and filters it; what is drawn of it comes later."""

    id: str
    name: str
    state: str
    severity: str
    domain: str
    owner: str
    value: Any
    next: dt.datetime | None
    last: str | None


def severity_of(name: str) -> str:
    """The severity in an alert's name, as in `[CRITICAL] Cost`; empty without one."""
    found = _SEVERITY.search(name)
    return found[1] if found else ""


@dataclass(frozen=True)
class Query:
    """What is asked of the list. `live` is how many seconds the page keeps, 0 for good."""

    q: str = ""
    state: str = ""
    severity: str = ""
    domain: str = ""
    sort: str = ""
    order: str = ""
    page: int = 1
    live: int = 0

    def link(self, **changes: Any) -> str:
        """The address of the list with some of it changed; another choice begins at page 1."""
        values = {**vars(self), "page": 1, **changes}
        told = {key: value for key, value in values.items() if value not in ("", 0)}
        if told.get("page") == 1:
            del told["page"]
        return f"/?{urlencode(told)}" if told else "/"


def _rank(order: Sequence[str], word: str) -> int:
    return order.index(word) if word in order else len(order)


def _urgency(row: Row) -> Any:
    return _rank(STATES, row.state), _rank(SEVERITIES, row.severity), row.name.casefold()


# What the list is sorted by. None goes last, whichever the direction.
_KEYS: dict[str, Callable[[Row], Any]] = {
    "urgency": _urgency,
    "name": lambda row: row.name.casefold(),
    "state": lambda row: _rank(STATES, row.state),
    "severity": lambda row: _rank(SEVERITIES, row.severity),
    "domain": lambda row: row.domain.casefold() or None,
    "owner": lambda row: row.owner.casefold() or None,
    "value": lambda row: as_number(row.value),
    "next": lambda row: row.next,
    "last": lambda row: row.last,
}
SORTS = tuple(_KEYS)
_CHOICES = {
    "state": STATES,
    "severity": (*SEVERITIES, NONE),
    "sort": SORTS,
    "order": ("asc", "desc"),
}
_LIVE = range(2, 3601)


def read_query(given: Mapping[str, str]) -> tuple[Query, list[str]]:
    """The query, and what of it is not known and so left out."""
    known: dict[str, Any] = {name: given.get(name, "").strip() for name in ("q", "domain")}
    problems = []
    for name, choices in _CHOICES.items():
        value = given.get(name, "")
        if value and value not in choices:
            problems.append(f"{name} is one of {', '.join(choices)}, not {value[:40]!r}")
            value = ""
        known[name] = value
    for name, allowed in (("page", range(1, 10**6)), ("live", _LIVE)):
        text = given.get(name, "")
        if re.fullmatch(r"[0-9]{1,7}", text) and int(text) in allowed:
            known[name] = int(text)
        elif text not in ("", "0"):
            problems.append(f"{name} is a number from {allowed[0]} to {allowed[-1]}")
    return Query(**known), problems


@dataclass(frozen=True)
class Selection:
    """A page of the rows that a query asks for; `found` is how many there are on all pages."""

    rows: list[Row]
    found: int
    page: int
    pages: int


def select(rows: Sequence[Row], query: Query) -> Selection:
    """Filter, sort, and cut out a page; a page too far is the last."""
    found = _sorted([row for row in rows if _wanted(row, query)], query)
    pages = max(1, -(-len(found) // PAGE))
    page = min(query.page, pages)
    return Selection(found[(page - 1) * PAGE : page * PAGE], len(found), page, pages)


def counts(rows: Sequence[Row]) -> list[tuple[str, int]]:
    """How many alerts are in each state, the usual ones always told."""
    found = Counter(row.state for row in rows)
    others = sorted(set(found) - set(STATES))
    return [(state, found[state]) for state in (*STATES, *others)]


def domains(rows: Sequence[Row]) -> list[str]:
    """The domains there are."""
    return sorted({row.domain for row in rows if row.domain}, key=str.casefold)


def _wanted(row: Row, query: Query) -> bool:
    text = f"{row.name}\n{row.domain}\n{row.owner}".casefold()
    return (
        query.state in ("", row.state)
        and query.severity in ("", row.severity or NONE)
        and query.domain in ("", row.domain or NONE)
        and all(word in text for word in query.q.casefold().split())
    )


def _sorted(rows: list[Row], query: Query) -> list[Row]:
    key = _KEYS[query.sort or "urgency"]
    rows = sorted(rows, key=_urgency)  # what is equal stays in this order
    known = [row for row in rows if key(row) is not None]
    unknown = [row for row in rows if key(row) is None]
    return sorted(known, key=key, reverse=query.order == "desc") + unknown
