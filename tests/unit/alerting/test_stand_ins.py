"""Who is notified in place of a destination whose secrets are missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.destinations.stand_ins import (
    DEPLOYER,
    StandIns,
    Waiting,
    stand_in_findings,
    told,
)
from databricks_alerts.rules.rows import Destination

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


def destination(key: str, *stand_in: str, **more: Any) -> Destination:
    return Destination(
        destination_id=key,
        destination_name=key,
        destination_type="WEBHOOK",
        config_json='{"url": "https://a.example"}',
        stand_in=stand_in,
        owner="me",
        is_enabled=True,
        created_by="me",
        created_at=NOW,
        **more,
    )


def resolve(
    rows: list[Destination], absent: set[str], key: str, deployer: str = "me@a.example"
) -> tuple[str, ...]:
    return StandIns(rows, absent, lambda: deployer).of(key)


def test_the_deployer_stands_in_by_their_address() -> None:
    assert resolve([destination("hook", DEPLOYER)], {"hook"}, "hook") == ("me@a.example",)


def test_a_service_principal_has_no_address_so_nobody_stands_in() -> None:
    rows = [destination("hook", DEPLOYER)]
    assert resolve(rows, {"hook"}, "hook", "5e1d5a54-8b5c-4a43-9b3e-3f2a0c1d9e77") == ()


def test_a_destination_that_is_there_stands_in_and_one_that_is_not_passes_it_on() -> None:
    rows = [destination("a", "b", "x@a.example"), destination("b", "c"), destination("c")]
    assert resolve(rows, {"a", "b"}, "a") == ("c", "x@a.example")
    assert resolve(rows, {"a", "b", "c"}, "a") == ("x@a.example",)


def test_two_that_name_each_other_come_to_an_end() -> None:
    rows = [destination("a", "b"), destination("b", "a", "x@a.example")]
    assert resolve(rows, {"a", "b"}, "a") == ("x@a.example",)


def test_a_stand_in_that_is_nobody_is_told() -> None:
    [found] = stand_in_findings([destination("a", "nobody", DEPLOYER, "x@a.example", "a")])
    assert "'nobody'" in found.what
    assert found.where.endswith("stand_in")


def test_each_command_is_told_once() -> None:
    make = ("databricks secrets create-scope s", "databricks secrets put-secret s k")
    waiting = [
        Waiting(key=key, reasons=("no",), remedies=make, channels=("me@a.example",))
        for key in ("a", "b")
    ]
    text = told(waiting) or ""
    assert text.count(make[0]) == 1
    assert text.count(make[1]) == 1
    assert "a, b" in text
    assert told([]) is None


KEYS = ["a", "b", "c", "d"]


@given(
    st.fixed_dictionaries(
        {key: st.lists(st.sampled_from([*KEYS, DEPLOYER, "x@a.example"])) for key in KEYS}
    ),
    st.sets(st.sampled_from(KEYS)),
)
def test_who_stands_in_is_always_there_and_named_once(
    graph: dict[str, list[str]], absent: set[str]
) -> None:
    rows = [destination(key, *channels) for key, channels in graph.items()]
    for key in absent:
        found = resolve(rows, absent, key)
        assert len(found) == len(set(found))
        assert not absent & set(found)
        assert DEPLOYER not in found
