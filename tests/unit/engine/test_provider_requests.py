"""Requests under faults: retries, deadlines, throttling, and creates whose answer was lost."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provider_workspace import (
    ALERT,
    DESTINATION,
    TOKEN,
    URN,
    Fault,
    TestClock,
    Workspace,
    alert,
    provider_for,
    serving,
    slack,
)

from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.providers.databricks.limiter import Limiter
from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider
from databricks_alerts.engine.providers.databricks.retries import (
    Failure,
    may_retry,
    pause,
    retry_after,
)


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def provider(workspace: Workspace, clock: TestClock) -> Iterator[DatabricksProvider]:
    made = provider_for(workspace, clock)
    yield made
    made.close()


def create(provider: DatabricksProvider, inputs: Any, kind: str = ALERT) -> str:
    return provider.create(kind, URN, inputs, None, False)[0]


BUSY = {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}


def test_a_429_waits_as_long_as_it_says(
    workspace: Workspace, provider: DatabricksProvider, clock: TestClock
) -> None:
    workspace.faults = [Fault(429, headers={"Retry-After": "7"}, body=BUSY)]
    create(provider, alert())
    assert len(workspace.alerts) == 1
    assert 7 <= max(clock.waits) < 8


def test_a_503_with_an_http_date_waits_until_then(
    workspace: Workspace, provider: DatabricksProvider, clock: TestClock
) -> None:
    then = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=40)
    header = {"Retry-After": format_datetime(then, usegmt=True)}
    workspace.faults = [Fault(503, headers=header, body={"error_code": "TEMPORARILY_UNAVAILABLE"})]
    create(provider, alert())
    assert 30 <= max(clock.waits) <= 41
    assert len(workspace.alerts) == 1


def test_waiting_ends_at_the_deadline_and_names_the_last_answer(
    workspace: Workspace, provider: DatabricksProvider, clock: TestClock
) -> None:
    workspace.faults = [Fault(429, headers={"Retry-After": "50"}, body=BUSY) for _ in range(9)]
    with pytest.raises(ProviderError, match=r"REQUEST_LIMIT_EXCEEDED: slow down \(POST /api/2.0"):
        provider.create(ALERT, URN, alert(), 120.0, False)
    assert sum(clock.waits) <= 120
    assert workspace.alerts == {}


def test_a_full_quota_is_said_at_once(
    workspace: Workspace, provider: DatabricksProvider, clock: TestClock
) -> None:
    full = {"error_code": "RESOURCE_EXHAUSTED", "message": "limit of 1000 alerts"}
    workspace.faults = [Fault(429, body=full)]
    with pytest.raises(ProviderError, match="limit of 1000 alerts"):
        create(provider, alert())
    assert clock.waits == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(0, after=True),
        Fault(0, after=False),
        Fault(500, after=True, body={"error_code": "INTERNAL_ERROR", "message": "oops"}),
        Fault(500, after=False, body={"error_code": "INTERNAL_ERROR", "message": "oops"}),
        Fault(502, after=True),
        Fault(504, after=False),
        Fault(503, after=True),
    ],
    ids=lambda fault: f"{fault.status or 'dropped'} {'after' if fault.after else 'before'} effect",
)
def test_a_create_whose_answer_is_lost_makes_exactly_one_alert(
    workspace: Workspace, provider: DatabricksProvider, fault: Fault
) -> None:
    made = create(provider, alert("before"))
    workspace.faults = [fault]
    assert create(provider, alert("a")) != made
    assert sorted(item["display_name"] for item in workspace.alerts.values()) == ["a", "before"]


def test_a_lost_create_does_not_take_an_older_alert_of_the_same_name(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    foreign = create(provider_for(workspace), alert())
    workspace.alerts[foreign]["create_time"] = "2020-01-01T00:00:00Z"
    workspace.faults = [Fault(0, after=False)]
    assert create(provider, alert()) != foreign


def test_a_lost_create_that_cannot_be_looked_up_is_left_pending(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    forbidden = Fault(403, body={"error_code": "PERMISSION_DENIED", "message": "no list for you"})
    workspace.faults = [Fault(502, after=True), forbidden]
    with pytest.raises(ProviderError, match="could not be found out") as caught:
        create(provider, alert())
    assert caught.value.outcome_known is False
    assert len(workspace.alerts) == 1


def test_a_lost_destination_is_found_by_name_and_type(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    create(provider_for(workspace), slack(), DESTINATION)
    workspace.faults = [Fault(0, after=True, method="POST")]
    assert create(provider, slack(), DESTINATION) == "destination-2"
    assert len(workspace.destinations) == 2


def test_a_lost_destination_that_the_list_does_not_show_yet_is_never_made_twice(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    workspace.faults = [Fault(0, after=True, method="POST")]
    workspace.hidden = {"destination-1"}
    with pytest.raises(ProviderError) as caught:
        create(provider, slack(), DESTINATION)
    assert caught.value.outcome_known is False
    assert len(workspace.destinations) == 1
    workspace.hidden = set()
    later = provider_for(workspace)
    assert later.find_created(DESTINATION, URN, slack(), frozenset()) == "destination-1"


def test_an_update_is_repeated_after_a_dropped_connection(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    made = create(provider, alert())
    workspace.faults = [Fault(0, after=True, method="PATCH")]
    new = alert("renamed")
    provider.update(ALERT, URN, made, alert(), {}, new, None, [], False)
    assert [item["display_name"] for item in workspace.alerts.values()] == ["renamed"]


def test_nobody_sees_a_secret_or_the_token_in_an_error(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    message = f"bad url https://hooks.test/secret-path for {TOKEN}"
    refused = {"error_code": "INVALID_PARAMETER_VALUE", "message": message.replace(TOKEN, "you")}
    workspace.faults = [None, Fault(400, body=refused)]
    with pytest.raises(ProviderError) as caught:
        create(provider, slack(), DESTINATION)
    assert "secret-path" not in str(caught.value)
    assert TOKEN not in repr(caught.value)
    assert str(caught.value).startswith("INVALID_PARAMETER_VALUE: bad url [secret]")


def test_no_workspace_is_a_clear_error(clock: TestClock) -> None:
    with serving() as gone:
        provider = provider_for(gone, clock)
    with pytest.raises(ProviderError, match="cannot connect to http://127") as caught:
        create(provider, alert())
    assert caught.value.outcome_known is True
    assert sum(clock.waits) < 5


def test_closing_ends_waiting(workspace: Workspace) -> None:
    from databricks_alerts.engine.providers.databricks.retries import Clock

    provider = provider_for(workspace, Clock())
    workspace.faults = [Fault(429, headers={"Retry-After": "200"}, body=BUSY)]
    threading.Timer(0.05, provider.close).start()
    with pytest.raises(ProviderError, match="stopped"):
        create(provider, alert())


def test_many_creates_at_once_survive_throttling(
    workspace: Workspace, provider: DatabricksProvider
) -> None:
    workspace.faults = [Fault(429, headers={"Retry-After": "1"}, body=BUSY) for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: create(provider, alert(f"a{number}")), range(60)))
    assert len(workspace.alerts) == 60


def test_a_throttled_limiter_narrows_once_and_widens_with_success() -> None:
    limiter = Limiter(TestClock(), width=16)
    for _ in range(5):
        limiter.throttled(0.0)
    assert limiter.width == 8
    for _ in range(200):
        limiter.succeeded()
    assert limiter.width == 16


def test_a_fixed_rate_spaces_requests() -> None:
    clock = TestClock()
    limiter = Limiter(clock, rate=10)
    for _ in range(11):
        with limiter.request():
            pass
    assert sum(clock.waits) == pytest.approx(1.0, abs=0.1)


@given(st.integers(0, 599), st.integers(1, 20))
def test_a_post_is_only_repeated_when_it_certainly_had_no_effect(status: int, attempt: int) -> None:
    failure = Failure(status, "", "m")
    if may_retry(failure, repeatable=False, attempt=attempt):
        assert failure.without_effect


@given(st.integers(1, 1000))
def test_backing_off_grows_and_is_bounded(attempt: int) -> None:
    assert 0.25 <= pause(Failure(502, "", ""), attempt) <= 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("3", 3.0), ("1.5", 1.5), ("", None), (None, None), ("soon", None), ("-3", None)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, 0.0) == seconds
