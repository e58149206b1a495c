"""The list of alerts: search, filters, order, pages, links."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.local_workspace.page.listing import (
    PAGE,
    SEVERITIES,
    SORTS,
    STATES,
    Query,
    Row,
    counts,
    domains,
    read_query,
    select,
    severity_of,
)

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)


def row(name: str, **more: Any) -> Row:
    usual = {
        "id": name,
        "state": "OK",
        "severity": "INFO",
        "domain": "COST",
        "owner": "ann@x.test",
        "value": 1.0,
        "next": NOON,
        "last": "2026-01-01T00:00:00Z",
    }
    return Row(**{"name": name, **usual, **more})


ROWS = [
    row("calm", severity="CRITICAL"),
    row("Loud", state="TRIGGERED", value=10.0, domain="SECURITY", next=None),
    row("broken", state="ERROR", value="NaN", severity="", domain="", owner="bob@x.test"),
    row("new", state="UNKNOWN", value=None, last=None, next=NOON - dt.timedelta(hours=1)),
    row("Grave", state="TRIGGERED", value=-3.0, severity="CRITICAL"),
]


def names(**query: Any) -> list[str]:
    return [found.name for found in select(ROWS, Query(**query)).rows]


def test_what_wants_looking_at_comes_first() -> None:
    assert names() == ["Grave", "Loud", "broken", "new", "calm"]


@pytest.mark.parametrize(
    ("sort", "upwards", "downwards"),
    [
        ("name", "broken calm Grave Loud new", "new Loud Grave calm broken"),
        ("value", "Grave calm Loud broken new", "Loud calm Grave broken new"),
        ("next", "new Grave broken calm Loud", "Grave broken calm new Loud"),
        ("last", "Grave Loud broken calm new", "Grave Loud broken calm new"),
        ("domain", "Grave new calm Loud broken", "Loud Grave new calm broken"),
        ("severity", "Grave calm Loud new broken", "broken Loud new Grave calm"),
        ("state", "Grave Loud broken new calm", "calm new broken Grave Loud"),
        ("owner", "Grave Loud new calm broken", "broken Grave Loud new calm"),
    ],
)
def test_what_has_no_value_goes_last_in_both_directions(
    sort: str, upwards: str, downwards: str
) -> None:
    assert " ".join(names(sort=sort)) == upwards
    assert " ".join(names(sort=sort, order="desc")) == downwards


def test_filters_and_words_are_joined_with_and() -> None:
    assert names(state="TRIGGERED") == ["Grave", "Loud"]
    assert names(state="TRIGGERED", severity="CRITICAL") == ["Grave"]
    assert names(severity="none") == ["broken"]
    assert names(domain="none") == ["broken"]
    assert names(domain="SECURITY") == ["Loud"]
    assert names(q="BOB") == ["broken"]
    assert names(q="cost ann") == ["Grave", "new", "calm"]
    assert names(q="nobody") == []


def test_pages_end_with_the_last() -> None:
    rows = [row(f"{number:03}") for number in range(2 * PAGE + 1)]
    for page, first, count in ((1, "000", PAGE), (3, "200", 1), (99, "200", 1)):
        found = select(rows, Query(page=page))
        assert (found.rows[0].name, len(found.rows), found.pages) == (first, count, 3)
    empty = select([], Query(page=5))
    assert (empty.rows, empty.found, empty.page, empty.pages) == ([], 0, 1, 1)


def test_what_is_not_known_is_said_and_left_out() -> None:
    given = {"state": "LOUD", "severity": "INFO", "sort": "x" * 90, "page": "-1", "live": "1e9"}
    query, problems = read_query({**given, "q": "  a b ", "order": "up", "id": "no matter"})
    assert query == Query(q="a b", severity="INFO")
    assert [problem.split(" is ")[0] for problem in problems] == [
        "state",
        "sort",
        "order",
        "page",
        "live",
    ]
    assert all(len(problem) < 160 for problem in problems)


def test_heads_count_every_state_and_name_the_domains() -> None:
    assert counts(ROWS) == [("TRIGGERED", 2), ("ERROR", 1), ("UNKNOWN", 1), ("OK", 1)]
    assert counts([]) == [("TRIGGERED", 0), ("ERROR", 0), ("UNKNOWN", 0), ("OK", 0)]
    assert domains(ROWS) == ["COST", "SECURITY"]


def test_severities_are_read_off_names() -> None:
    assert severity_of("dev [WARNING] Cost") == "WARNING"
    assert severity_of("WARNING Cost [other]") == ""


QUERIES = st.builds(
    Query,
    q=st.text().map(str.strip),
    state=st.sampled_from(("", *STATES)),
    severity=st.sampled_from(("", *SEVERITIES, "none")),
    domain=st.text().map(str.strip),
    sort=st.sampled_from(("", *SORTS)),
    order=st.sampled_from(("", "asc", "desc")),
    page=st.integers(1, 10**6 - 1),
    live=st.sampled_from((0, 2, 5, 3600)),
)


@given(QUERIES)
def test_a_link_says_the_query_whole(query: Query) -> None:
    """Characters of hostile searches are escaped: what a link says is read as it was meant."""
    query_text = urlsplit(query.link(page=query.page)).query
    values = parse_qs(query_text, strict_parsing=bool(query_text), errors="surrogatepass")
    assert read_query({name: found[0] for name, found in values.items()}) == (query, [])
