"""Faults on demand: which requests they strike, and what a client then sees."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest import Rest

from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.faults.rules import Fault, Seen, decide, read
from databricks_alerts.local_workspace.warehouses.models import Power

ALERTS = "/api/2.0/alerts"
FAULTS = "/local/faults"
FAULT = Fault("f", "server_error", method="GET", path="/api/*")


def struck(fault: Fault, requests: int) -> list[bool]:
    """Which of so many matching requests a fault strikes."""
    seen: dict[str, Seen] = {}
    hits = []
    for _ in range(requests):
        found, seen = decide([fault], seen, "GET", "/api/x")
        hits.append(bool(found))
    return hits


@given(share=st.floats(0, 1), seed=st.integers(), count=st.none() | st.integers(0, 30))
def test_a_fault_strikes_the_same_requests_every_time_and_never_more_than_its_count(
    share: float, seed: int, count: int | None
) -> None:
    fault = replace(FAULT, share=share, seed=seed, count=count)
    hits = struck(fault, 60)
    assert hits == struck(fault, 60)
    if count is not None:
        assert sum(hits) <= count
        unlimited = struck(replace(fault, count=None), 60)
        assert sum(hits) == min(count, sum(unlimited))


def test_a_share_of_a_quarter_strikes_about_a_quarter() -> None:
    assert 200 < sum(struck(replace(FAULT, share=0.25), 1000)) < 300
    assert sum(struck(replace(FAULT, share=0.0), 100)) == 0
    assert sum(struck(replace(FAULT, share=1.0), 100)) == 100


def test_other_methods_and_paths_are_neither_struck_nor_counted() -> None:
    found, seen = decide([FAULT], {}, "POST", "/api/x")
    assert (found, seen) == ([], {})
    found, seen = decide([FAULT], {}, "GET", "/sql/x")
    assert (found, seen) == ([], {})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "kind"),
        ({"kind": "earthquake"}, "kind"),
        ({"kind": "latency", "share": 1.5}, "share"),
        ({"kind": "latency", "share": float("nan")}, "share"),
        ({"kind": "latency", "seconds": -1}, "seconds"),
        ({"kind": "latency", "seconds": "1"}, "seconds"),
        ({"kind": "latency", "count": 1.5}, "count"),
        ({"kind": "latency", "count": True}, "count"),
        ({"kind": "server_error", "status": 404}, "status"),
        ({"kind": "latency", "path": 5}, "path"),
        ({"kind": "latency", "when": "now"}, "when"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_by_its_field(
    body: dict[str, object], named: str
) -> None:
    with pytest.raises(ApiError, match=named):
        read("f", body)


def test_a_rate_limit_says_when_to_come_back_and_ends_with_its_count(rest: Rest) -> None:
    rule = {"kind": "rate_limit", "path": ALERTS, "count": 1, "seconds": 1.2}
    rest.ok("POST", FAULTS, rule)
    answer = rest.client.get(ALERTS, headers=token(rest))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert "X-Databricks-Org-Id" in answer.headers
    assert rest.client.get(ALERTS, headers=token(rest)).status_code == 200
    [shown] = rest.ok("GET", FAULTS)["faults"]
    assert (shown["matched"], shown["struck"]) == (2, 1)


def test_a_lost_answer_has_had_its_effect_and_a_lost_request_has_not(rest: Rest) -> None:
    body = {"display_name": "d", "config": {"email": {"addresses": ["a@b.co"]}}}
    path = "/api/2.0/notification-destinations"
    headers = token(rest)
    for kind, after in (("drop_before", 0), ("drop_after", 1)):
        rest.ok("POST", FAULTS, {"kind": kind, "method": "POST", "path": path, "count": 1})
        # In process there is no socket to cut: the gate raises, and 500 is what is left to see.
        assert rest.client.post(path, json=body, headers=headers).status_code == 500
        assert len(rest.ok("GET", path)["results"]) == after


def test_latency_delays_and_a_server_error_has_its_status(rest: Rest) -> None:
    rest.ok("POST", FAULTS, {"kind": "latency", "path": ALERTS, "seconds": 0.2})
    rest.ok("POST", FAULTS, {"kind": "server_error", "path": ALERTS, "status": 503})
    began = time.monotonic()
    assert rest.refusal("GET", ALERTS) == (503, "TEMPORARILY_UNAVAILABLE")
    assert time.monotonic() - began >= 0.2


def test_lifted_faults_strike_no_more(rest: Rest) -> None:
    first = rest.ok("POST", FAULTS, {"kind": "server_error"})["id"]
    rest.ok("POST", FAULTS, {"kind": "server_error"})
    rest.ok("DELETE", f"{FAULTS}/{first}")
    assert rest.refusal("DELETE", f"{FAULTS}/{first}") == (404, "RESOURCE_DOES_NOT_EXIST")
    assert rest.refusal("GET", ALERTS)[0] == 500
    rest.ok("DELETE", FAULTS)
    rest.ok("GET", ALERTS)


def test_faults_are_for_admins(rest: Rest) -> None:
    for method in ("GET", "POST", "DELETE"):
        refused = rest.refusal(method, FAULTS, who="eve@local.test")
        assert refused == (403, "PERMISSION_DENIED")


def test_a_starting_warehouse_turns_sql_away_until_it_runs(rest: Rest) -> None:
    warehouse = "/api/2.0/sql/warehouses/0000000000000001"
    rule = rest.ok("POST", FAULTS, {"kind": "warehouse_starting", "seconds": 3000})
    assert rest.ok("GET", warehouse)["state"] == "STARTING"
    answer = rest.client.post("/api/2.0/sql/statements", json={}, headers=token(rest))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    rest.ok("DELETE", f"{FAULTS}/{rule['id']}")
    assert rest.ok("GET", warehouse)["state"] == "RUNNING"


def test_a_stopped_warehouse_starts_when_sql_arrives() -> None:
    now = 0.0
    power = Power(lambda: now)
    power.require_running()
    power.stop(start_seconds=10)
    assert power.state == "STOPPED"
    with pytest.raises(ApiError, match="starting"):
        power.require_running()
    assert power.state == "STARTING"
    now = 10.0
    power.require_running()
    assert power.state == "RUNNING"


def test_only_admins_stop_the_warehouse(rest: Rest) -> None:
    warehouse = "/api/2.0/sql/warehouses/0000000000000001"
    assert rest.refusal("POST", f"{warehouse}/stop", who="eve@local.test")[0] == 403
    rest.ok("POST", f"{warehouse}/stop")
    assert rest.ok("GET", warehouse)["state"] == "STOPPED"
    rest.ok("POST", f"{warehouse}/start", who="eve@local.test")
    assert rest.ok("GET", warehouse)["state"] == "RUNNING"


def token(rest: Rest) -> dict[str, str]:
    """The header that an admin sends."""
    rest.workspace.directory.keep_token("admin@local.test", "t")
    return {"Authorization": "Bearer t"}
