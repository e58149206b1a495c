"""The pages in process: hostile names, odd values, a thousand alerts, buttons."""

from __future__ import annotations

import copy
import datetime as dt
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from html_check import problems
from rest import Rest, serving

from databricks_alerts.local_workspace.alarms import Alarms
from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.evaluation.models import Evaluation, Evaluations
from databricks_alerts.local_workspace.evaluation.scheduler import Scheduler
from databricks_alerts.local_workspace.notification.inbox import Inbox
from databricks_alerts.local_workspace.notification.notifier import Notifier
from databricks_alerts.local_workspace.page import views
from databricks_alerts.local_workspace.warehouse.errors import SqlError

NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</title></style></pre><h1>x",
    "{{ 7 * 7 }} {% raw %}",
    "x" * 300,
    "\u05d0\u05d1\u05d2 \u202e txt.exe \u0627\u0644",
    "&lt;b&gt; &amp; --><!--",
]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Rest]:
    """A workspace with a page and without a warehouse, its client signed in."""
    with serving(tmp_path) as made:
        workspace = made.workspace
        alerts = Alerts(workspace.store, workspace.timestamp)
        workspace.clock = Clock(NOON)
        told: dict[str, Any] = {
            "`a`.`b`": {},
            "`a`.`broken`": SqlError("UNRESOLVED_COLUMN", "no such column", "42703"),
        }
        parts = SimpleNamespace(
            evaluations=Evaluations(workspace.store),
            scheduler=Scheduler(alerts, cast(Any, None), workspace.clock),
            notifier=Notifier(workspace.store, cast(Any, None), lambda: workspace.host),
            inbox=Inbox(workspace.store),
            rules=SimpleNamespace(by_schema=lambda: told, told=told),
        )
        workspace.alarms = cast(Alarms, parts)
        link = made.ok("POST", "/local/signin")["url"]
        made.client.headers["Host"] = "localhost"
        made.client.cookies.clear()
        answer = made.client.get(link.replace("http://testserver", ""), follow_redirects=False)
        assert answer.status_code == 303
        yield made


def evaluate(page: Rest, alert: dict[str, Any], *values: Any, state: str = "OK") -> None:
    """Record an evaluation a minute."""
    alarms = page.workspace.alarms
    assert alarms is not None
    for minute, value in enumerate(values):
        alarms.evaluations.add(
            Evaluation(
                id=f"{alert['id']} {minute}",
                alert_id=alert["id"],
                display_name=alert["display_name"],
                at=NOON - dt.timedelta(hours=1) + dt.timedelta(minutes=minute),
                state=cast(Any, state),
                previous_state="UNKNOWN",
                value=value,
                threshold=5.0,
                columns=("c",),
                rows=({"c": value},),
                row_count=1,
                error="broke" if state == "ERROR" else None,
            )
        )


def text(page: Rest, path: str) -> str:
    """A page that answers and is well-formed."""
    answer = page.client.get(path)
    assert answer.status_code == 200, answer.text
    assert problems(answer.text) == []
    return answer.text


def words(markup: str) -> str:
    """What is read of the main part."""
    main = markup.split("<main", 1)[1]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", main)))


def test_an_empty_workspace_has_pages(page: Rest) -> None:
    assert "There are none yet" in text(page, "/")
    for path in ("/destinations", "/messages", "/requests"):
        text(page, path)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_shown_as_texts(page: Rest, name: str) -> None:
    query = f"SELECT '{name}' -- {name}"
    alert = page.alert(display_name=name, query_text=query, custom_description="")
    evaluate(page, alert, name, state="ERROR")
    alarms = page.workspace.alarms
    assert alarms is not None
    cast(Any, alarms.rules).told["`a`.`b`"] = {alert["id"]: ("INFO", name, name, name)}
    config = {"slack": {"url": "http://127.0.0.1:9/x"}}
    destination = {"display_name": name, "config": config}
    page.ok("POST", "/api/2.0/notification-destinations", destination)
    alarms.inbox.add(name, "mail", "2026-01-01T00:00:00Z", {"subject": name, "plain": name})
    for path in ("/", f"/alerts/{alert['id']}", "/destinations", "/messages"):
        shown = text(page, path)
        assert " ".join(name.split()) in words(shown), path
    found = text(page, f"/?q={name[:20].encode().hex()}")
    assert "No alert is like that" in found
    answer = page.client.get("/", params={"q": name, "domain": name, "state": name})
    assert problems(answer.text) == []


@pytest.mark.parametrize(
    "value", [None, "NaN", "Infinity", "text", True, 10**400, -1e308, 0.0, "1" * 40 + ".5"]
)
def test_values_of_any_kind_are_shown(page: Rest, value: Any) -> None:
    alert = page.alert()
    for values in ((value,), (1.0, value, 2.0, value)):
        evaluate(page, alert, *values)
        for path in ("/", f"/alerts/{alert['id']}"):
            shown = text(page, path)
            assert not re.search(r'="[^"]*\b(nan|inf)\b', shown), path
    assert "It has not run yet" in text(page, f"/alerts/{page.alert(display_name='two')['id']}")


def test_the_list_says_what_is_known_of_each_alert(page: Rest) -> None:
    alert = page.alert(display_name="[WARNING] Cost")
    evaluate(page, alert, 1.0, 11.0, state="TRIGGERED")
    Alerts(page.workspace.store, page.workspace.timestamp).record_evaluation(
        alert["id"], "TRIGGERED", "2026-01-01T11:01:00Z"
    )
    alarms = cast(Any, page.workspace.alarms)
    alarms.rules.told["`a`.`b`"] = {alert["id"]: ("CRITICAL", "COST", "ann@x.test", "About")}
    shown = words(text(page, "/"))
    row = shown[shown.index("1 of 1 alerts") :]
    for part in ("CRITICAL", "[WARNING] Cost COST", "▲ TRIGGERED", "11 triggers when > 0"):
        assert part in row
    for part in ("at 08:00 every day (UTC)", "in 19 hours", "59 minutes ago", "ann@x.test"):
        assert part in row, row
    assert "About" in words(text(page, f"/alerts/{alert['id']}"))
    assert "No alert is like that" in text(page, "/?severity=INFO")
    assert "state is one of" in text(page, "/?state=LOUD")


def test_buttons_need_the_form_token_and_pause_and_resume(page: Rest) -> None:
    alert = page.alert()
    path = f"/alerts/{alert['id']}"
    shown = text(page, path)
    token = shown.split('name="token" value="')[1].split('"')[0]
    for name, status in (("pause", "PAUSED"), ("resume", "UNPAUSED")):
        assert page.client.post(f"{path}/{name}", data={"token": "x"}).status_code == 403
        assert page.client.get(f"{path}/{name}", follow_redirects=False).status_code == 404
        assert f'action="{path}/{name}"' in text(page, path)
        answer = page.client.post(f"{path}/{name}", data={"token": token}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        found = page.ok("GET", f"/api/2.0/alerts/{alert['id']}")
        assert found["schedule"] == {**alert["schedule"], "pause_status": status}
    gone = page.client.post("/alerts/gone/pause", data={"token": token}, follow_redirects=False)
    assert gone.status_code == 303


def test_refreshing_is_asked_for_and_needs_no_script(page: Rest) -> None:
    path = f"/alerts/{page.alert()['id']}"
    for place in ("/", path, "/requests"):
        assert "http-equiv" not in text(page, place)
        assert '<meta http-equiv="refresh" content="5">' in text(page, f"{place}?live=5")
        assert "http-equiv" not in page.client.get(f"{place}?live=0;url=//x").text


def test_requests_are_told_one_by_one_without_ids_and_sign_in_codes(page: Rest) -> None:
    alert = page.alert()
    page("GET", f"/api/2.0/alerts/{alert['id']}")
    page("GET", "/api/2.0/alerts/<b>nothing")
    shown = words(text(page, "/requests"))
    assert "GET /api/2.0/alerts/{id} 200 admin@local.test" in shown
    assert "GET /api/2.0/alerts/<b>nothing ✕ 404" in shown
    assert alert["id"] not in shown
    assert "signin" not in shown.split("How many of each")[0]


def test_a_thousand_alerts_take_less_than_a_second(page: Rest) -> None:
    store = page.workspace.store
    alert = page.alert()
    with store.transaction():
        for number in range(1000):
            key = f"00000000-0000-0000-0000-{number:012}"
            document = {**copy.deepcopy(alert), "id": key, "display_name": f"[INFO] {number:04}"}
            document["evaluation"]["state"] = ("OK", "TRIGGERED")[number % 2]
            document["schedule"]["quartz_cron_schedule"] = f"0 {number % 60} 8 * * ?"
            store.put("alert", key, document)
            evaluate(page, document, *(float(value) for value in range(5)))
    store.delete("alert", alert["id"])
    for query in ({}, {"sort": "next", "order": "desc"}, {"q": "9", "page": "2"}):
        taken = min(_seconds(page, query) for _ in range(2))
        assert taken < 1, f"{query}: {taken:.2f} s"
    found = views.alerts(page.workspace, {"state": "TRIGGERED", "page": "5"})
    assert found["selection"].found == 500
    assert [cell["row"].name for cell in found["cells"]][-1] == "[INFO] 0999"
    assert len(text(page, "/")) < 600_000


def _seconds(page: Rest, query: dict[str, str]) -> float:
    began = time.perf_counter()
    views.alerts(page.workspace, query)
    return time.perf_counter() - began
