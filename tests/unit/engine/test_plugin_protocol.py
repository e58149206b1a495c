"""The databricks provider as a plugin: what the pulumi CLI is answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from plugin_client import PROVIDER_URN, VERSION, Plugin, plugin, urn_of
from provider_workspace import (
    ALERT,
    DESTINATION,
    PERMISSIONS,
    TOKEN,
    Fault,
    TestClock,
    Workspace,
    alert,
    serving,
    slack,
)
from pulumi.runtime.proto import provider_pb2

from databricks_alerts.engine import wire
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider
from databricks_alerts.engine.values import UNKNOWN, Output, Secret

SLACK_URL = "https://hooks.test/secret-path"


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    with serving() as running:
        yield running


@pytest.fixture
def served(workspace: Workspace) -> Iterator[Plugin]:
    with plugin(TestClock()) as client:
        client.configure(workspace)
        yield client


def refusal(caught: pytest.ExceptionInfo[grpc.RpcError]) -> tuple[grpc.StatusCode, str]:
    return caught.value.code(), caught.value.details()


# -- the plugin itself


def test_handshake_and_configure_agree_on_what_the_provider_takes(workspace: Workspace) -> None:
    with plugin() as client:
        hand = client.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
        configured = client.configure(workspace)
        info = client.stub.GetPluginInfo(empty_pb2.Empty())
    assert hand.accept_secrets
    assert hand.accept_secrets == configured.acceptSecrets
    assert hand.accept_resources == configured.acceptResources
    assert hand.accept_outputs == configured.acceptOutputs
    assert configured.supportsPreview
    assert info.version == VERSION


def test_what_it_lacks_is_told_with_the_way_out(served: Plugin) -> None:
    requests = {
        "Invoke": provider_pb2.InvokeRequest(tok="databricks:index/getCluster:getCluster"),
        "Call": provider_pb2.CallRequest(tok="databricks:index/x:X/y"),
        "Construct": provider_pb2.ConstructRequest(type="databricks:index/x:X"),
        "Check": provider_pb2.CheckRequest(urn=urn_of("databricks:index/cluster:Cluster")),
    }
    for method, request in requests.items():
        with pytest.raises(grpc.RpcError) as caught:
            getattr(served.stub, method)(request)
        assert f"pulumi plugin install resource databricks {VERSION}" in refusal(caught)[1]
    for method in ("Call", "Construct"):
        with pytest.raises(grpc.RpcError) as caught:
            getattr(served.stub, method)(requests[method])
        assert refusal(caught)[0] is grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(grpc.RpcError) as caught:
        served.stub.Parameterize(provider_pb2.ParameterizeRequest())
    assert refusal(caught)[0] is grpc.StatusCode.UNIMPLEMENTED


def test_requests_before_configure_are_refused() -> None:
    with plugin() as client, pytest.raises(grpc.RpcError) as caught:
        client.check(ALERT, alert())
    assert refusal(caught) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "the databricks provider is not configured",
    )


def test_a_bug_is_an_internal_error_that_names_its_place(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: Any) -> None:
        raise KeyError("oops")

    monkeypatch.setattr(DatabricksProvider, "diff", broken)
    with plugin() as client:
        client.configure(workspace)
        with pytest.raises(grpc.RpcError) as caught:
            client.diff(ALERT, "i", alert(), {}, alert())
        assert client.check(ALERT, alert()).failures == []  # it serves on
    assert refusal(caught) == (
        grpc.StatusCode.INTERNAL,
        "KeyError in the databricks provider's Diff: 'oops'",
    )
    assert "Traceback" in capfd.readouterr().err


# -- its configuration


def check_config(client: Plugin, news: dict[str, Any]) -> Any:
    request = provider_pb2.CheckRequest(urn=PROVIDER_URN, news=wire.to_struct(news))
    return client.stub.CheckConfig(request)


def test_configuration_is_checked_and_kept_as_it_is() -> None:
    news = {"host": "https://x", "token": Secret("t"), "version": VERSION, "__internal": {}}
    with plugin() as client:
        answer = check_config(client, news)
        wrong = check_config(client, {"hsot": "x", "rateLimit": "fast", "skipVerify": UNKNOWN})
    assert wire.from_struct(answer.inputs) == news
    assert not answer.failures
    assert sorted(failure.reason for failure in wrong.failures) == [
        "hsot is not a setting of the databricks provider",
        "rateLimit must be a number",
    ]


def test_changed_configuration_updates_the_provider_and_replaces_nothing() -> None:
    def diff(old: dict[str, Any], new: dict[str, Any], ignored: list[str] | None = None) -> Any:
        return client.stub.DiffConfig(
            provider_pb2.DiffRequest(
                urn=PROVIDER_URN,
                old_inputs=wire.to_struct(old),
                news=wire.to_struct(new),
                ignoreChanges=ignored or [],
            )
        )

    with plugin() as client:
        same = diff({"host": "a"}, {"host": "a"})
        changed = diff({"host": "a"}, {"host": "b", "token": Secret("x")})
        ignored = diff({"host": "a"}, {"host": "b"}, ["host"])
    assert same.changes == ignored.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert changed.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert sorted(changed.diffs) == ["host", "token"]
    assert not changed.replaces


def test_configuration_of_engines_without_inputs(workspace: Workspace) -> None:
    variables = {"databricks:config:host": workspace.url, "databricks:config:token": TOKEN}
    with plugin() as client:
        client.stub.Configure(provider_pb2.ConfigureRequest(variables=variables))
        made, _ = client.create(ALERT, alert())
    assert made in workspace.alerts


# -- a resource's life


def test_a_whole_life(workspace: Workspace, served: Plugin) -> None:
    checked = wire.from_struct(served.check(ALERT, alert()).inputs)
    made, outputs = served.create(ALERT, checked)
    same = served.diff(ALERT, made, checked, outputs, checked)
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE
    assert same.hasDetailedDiff
    news = alert(queryText="SELECT 2 AS x", parentPath="/Shared/alerts")
    found = served.diff(ALERT, made, checked, outputs, news)
    assert found.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(found.diffs) == ["queryText"]
    assert list(found.detailedDiff) == ["queryText"]
    assert not found.detailedDiff["queryText"].inputDiff
    assert not found.replaces
    updated = served.update(ALERT, made, checked, outputs, news)
    assert updated["queryText"] == "SELECT 2 AS x"
    assert served.read(ALERT, made, news, updated)[:2] == (made, news)
    served.delete(ALERT, made, news, updated)
    assert served.read(ALERT, made, news, updated) == ("", {}, {})
    served.delete(ALERT, made, news, updated)  # gone already is no error


def test_another_folder_replaces(served: Plugin) -> None:
    found = served.diff(ALERT, "i", alert(), {}, alert(parentPath="/Shared/other"))
    assert list(found.replaces) == ["parentPath"]
    assert found.detailedDiff["parentPath"].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert not found.deleteBeforeReplace


def test_stables_are_what_would_replace_and_does_not(served: Plugin) -> None:
    def controls(level: str) -> dict[str, Any]:
        return {"accessControls": [{"groupName": "g", "permissionLevel": level}]}

    olds = {"alertV2Id": "a", **controls("CAN_RUN")}
    updated = served.diff(PERMISSIONS, "i", olds, {}, {"alertV2Id": "a", **controls("CAN_EDIT")})
    replaced = served.diff(PERMISSIONS, "i", olds, {}, {"alertV2Id": "b", **controls("CAN_RUN")})
    assert "alertV2Id" in updated.stables
    assert "alertV2Id" not in replaced.stables
    assert list(replaced.replaces) == ["alertV2Id"]


def test_an_import_reads_without_any_inputs(workspace: Workspace, served: Plugin) -> None:
    made, _ = served.create(ALERT, alert())
    found, inputs, outputs = served.read(ALERT, made)
    assert found == made
    assert served.check(ALERT, inputs).failures == []
    assert inputs["queryText"] == outputs["queryText"] == "SELECT 1 AS x"


def test_ignored_changes_are_no_changes(workspace: Workspace, served: Plugin) -> None:
    made, outputs = served.create(ALERT, alert())
    news = alert("renamed", queryText="SELECT 2 AS x")
    for ignored in (["displayName", "queryText"], ["*"]):
        found = served.diff(ALERT, made, alert(), outputs, news, ignored)
        assert found.changes == provider_pb2.DiffResponse.DIFF_NONE
    served.update(ALERT, made, alert(), outputs, news, ignored=["displayName", "no.such[0]", "[["])
    assert workspace.alerts[made]["display_name"] == "a"
    assert workspace.alerts[made]["query_text"] == "SELECT 2 AS x"


def test_failed_checks_name_their_properties_and_no_values(served: Plugin) -> None:
    answer = served.check(ALERT, {**alert(), "schedule": {"timezoneId": 5}, "nope": 1})
    assert {failure.reason.split()[0] for failure in answer.failures} == {
        "schedule.quartzCronSchedule",
        "schedule.timezoneId",
        "nope",
    }
    # Of a property that is named apart the engine shows the value, which may be secret.
    assert not any(failure.property for failure in answer.failures)


def test_what_the_vendors_plugin_left_in_the_state_is_kept_where_it_is_true(
    served: Plugin,
) -> None:
    made, outputs = served.create(ALERT, alert())
    theirs = {
        **outputs,
        "__meta": '{"schema_version":"1"}',
        "__pulumi_raw_state_delta": {"obj": {}},
        "addedLater": {"a": [1]},
        "evaluation": {**outputs["evaluation"], "addedLater": True},
    }
    olds = {**alert(), "addedLater": {"a": [1]}}
    assert served.check(ALERT, olds, olds).failures == []
    (refused,) = served.check(ALERT, olds).failures
    assert refused.reason.startswith("addedLater is not a property here")
    _, inputs, read = served.read(ALERT, made, olds, theirs)
    updated = served.update(ALERT, made, olds, theirs, {**olds, "displayName": "b"})
    for kept in (read, updated):
        assert kept["__meta"] == theirs["__meta"]
        assert kept["addedLater"] == {"a": [1]}
        assert kept["evaluation"]["addedLater"] is True
        assert "__pulumi_raw_state_delta" not in kept  # it would be wrong, and an error for theirs
    assert inputs == olds


# -- secrets and unknowns


def test_secrets_come_back_as_secrets(workspace: Workspace, served: Plugin) -> None:
    inputs = slack(url=SLACK_URL)
    checked = wire.from_struct(served.check(DESTINATION, inputs).inputs)
    assert checked["config"]["slack"]["url"] == Secret(SLACK_URL)
    made, outputs = served.create(DESTINATION, checked)
    assert workspace.destinations[made]["config"]["slack"]["url"] == SLACK_URL
    assert outputs["config"]["slack"]["url"] == Secret(SLACK_URL)
    _, read, _ = served.read(DESTINATION, made, checked, outputs)
    assert read == checked
    same = served.diff(DESTINATION, made, checked, outputs, checked)
    assert same.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_what_the_program_calls_secret_stays_so_everywhere(served: Plugin) -> None:
    inputs = alert(Secret("hidden"), queryText=Output("SELECT 1 AS x", ("urn:x",), secret=True))
    expected = {"displayName": Secret("hidden"), "queryText": Secret("SELECT 1 AS x")}
    checked = wire.from_struct(served.check(ALERT, inputs).inputs)
    made, outputs = served.create(ALERT, checked)
    _, read_inputs, read = served.read(ALERT, made, checked, outputs)
    updated = served.update(ALERT, made, checked, outputs, checked)
    for properties in (checked, outputs, read_inputs, read, updated):
        assert {name: properties[name] for name in expected} == expected


def test_a_preview_plans_with_what_is_not_known_yet(workspace: Workspace, served: Plugin) -> None:
    inputs = alert(UNKNOWN, warehouseId=Secret(UNKNOWN))
    assert wire.from_struct(served.check(ALERT, inputs).inputs)["displayName"] is UNKNOWN
    made, planned = served.create(ALERT, inputs, preview=True)
    assert made == ""
    assert planned["displayName"] is planned["createTime"] is UNKNOWN
    assert planned["warehouseId"] == Secret(UNKNOWN)
    made, outputs = served.create(ALERT, alert())
    found = served.diff(ALERT, made, alert(), outputs, inputs)
    assert sorted(found.diffs) == ["displayName", "warehouseId"]
    updated = served.update(ALERT, made, alert(), outputs, inputs, preview=True)
    assert updated["displayName"] is UNKNOWN
    assert updated["createTime"] == outputs["createTime"]
    assert [item["display_name"] for item in workspace.alerts.values()] == ["a"]


# -- failures


def test_a_refusal_is_no_doubt_and_a_lost_answer_is(workspace: Workspace, served: Plugin) -> None:
    quota = {"error_code": "RESOURCE_EXHAUSTED", "message": "limit of 1000 alerts"}
    workspace.faults = [Fault(429, body=quota)]
    with pytest.raises(grpc.RpcError) as caught:
        served.create(ALERT, alert())
    assert refusal(caught) == (
        grpc.StatusCode.FAILED_PRECONDITION,
        "RESOURCE_EXHAUSTED: limit of 1000 alerts (POST /api/2.0/alerts)",
    )
    forbidden = Fault(403, body={"error_code": "PERMISSION_DENIED", "message": "no list for you"})
    workspace.faults = [Fault(502, after=True), forbidden]
    with pytest.raises(grpc.RpcError) as caught:
        served.create(ALERT, alert())
    assert refusal(caught)[0] is grpc.StatusCode.UNKNOWN


def test_what_exists_in_spite_of_an_error_comes_with_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(*arguments: Any) -> None:
        raise ProviderError("no permissions yet", partial=("id-1", {"displayName": "hidden"}))

    monkeypatch.setattr(DatabricksProvider, "create", half)
    with plugin() as client:
        client.configure(workspace)
        with pytest.raises(grpc.RpcError) as caught:
            client.create(ALERT, alert(Secret("hidden")))
    details = dict(caught.value.trailing_metadata())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(details)
    failed = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failed)
    assert status.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]
    assert failed.id == "id-1"
    assert list(failed.reasons) == ["no permissions yet"]
    assert wire.from_struct(failed.properties) == {"displayName": Secret("hidden")}


# -- many at once, and the end


def test_many_requests_at_once(workspace: Workspace, served: Plugin) -> None:
    names = [f"a{number}" for number in range(60)]
    with ThreadPoolExecutor(60) as pool:
        made = list(pool.map(lambda name: served.create(ALERT, alert(name))[0], names))
    assert [workspace.alerts[key]["display_name"] for key in made] == names


def test_cancel_begins_nothing_and_answers_what_is_under_way(workspace: Workspace) -> None:
    gate, arrived = threading.Event(), threading.Semaphore(0)
    answer = workspace.answer

    def slow(method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if method == "POST":
            arrived.release()
            gate.wait(30)
        return answer(method, path, query, body)

    workspace.answer = slow  # type: ignore[method-assign]
    with plugin() as client, ThreadPoolExecutor(60) as pool:
        client.configure(workspace)
        running = [pool.submit(client.create, ALERT, alert(f"a{n}")) for n in range(60)]
        for _ in range(32):  # as many as the provider sends at once
            assert arrived.acquire(timeout=30)
        client.cancel()
        gate.set()
        wait(running)
        with pytest.raises(grpc.RpcError) as caught:
            client.create(ALERT, alert("late"))
        assert refusal(caught)[0] is grpc.StatusCode.CANCELLED
        client.configure(workspace)  # as the next run of a CLI that is attached
        assert client.create(ALERT, alert("next"))[0] in workspace.alerts
    made = [task.result()[0] for task in running if task.exception() is None]
    errors = [task.exception() for task in running]
    left = [error for error in errors if isinstance(error, grpc.RpcError)]
    assert set(made) == {
        key for key, item in workspace.alerts.items() if item["display_name"] != "next"
    }
    assert len(made) == 32
    told = {error.details() for error in left}  # those that waited, and those that came too late
    assert told <= {
        "stopped before POST /api/2.0/alerts was sent",
        "the run was cancelled before this began",
    }


def test_cancel_ends_a_wait_for_another_attempt(workspace: Workspace) -> None:
    busy = {"error_code": "REQUEST_LIMIT_EXCEEDED", "message": "slow down"}
    workspace.faults = [Fault(429, headers={"Retry-After": "3600"}, body=busy)] * 2
    with plugin() as client, ThreadPoolExecutor(1) as pool:
        client.configure(workspace)
        running = pool.submit(client.create, ALERT, alert(), timeout=7200.0)
        while len(workspace.faults) == 2:
            assert not running.done()
        client.cancel()
        with pytest.raises(grpc.RpcError) as caught:
            running.result(timeout=30)
    assert refusal(caught)[0] is grpc.StatusCode.FAILED_PRECONDITION
    assert workspace.alerts == {}


def test_cancel_after_a_lost_answer_leaves_a_doubt(workspace: Workspace) -> None:
    with plugin() as client, ThreadPoolExecutor(1) as pool:
        client.configure(workspace)
        made, outputs = client.create(ALERT, alert())
        workspace.faults = [
            Fault(503, after=True, method="PATCH"),
            Fault(429, headers={"Retry-After": "120"}, method="PATCH"),
        ]
        news = alert(queryText="SELECT 2 AS x")
        running = pool.submit(client.update, ALERT, made, alert(), outputs, news)
        while workspace.faults:
            assert not running.done()
        client.cancel()
        with pytest.raises(grpc.RpcError) as caught:
            running.result(timeout=30)
    assert refusal(caught)[0] is grpc.StatusCode.UNKNOWN


def test_the_schema_is_of_the_version_that_pulumi_knows(served: Plugin) -> None:
    schema = json.loads(served.stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)
    assert schema["version"] == VERSION
    for request in (
        provider_pb2.GetSchemaRequest(version=1),
        provider_pb2.GetSchemaRequest(subpackage_name="x"),
    ):
        with pytest.raises(grpc.RpcError) as caught:
            served.stub.GetSchema(request)
        assert refusal(caught)[0] is grpc.StatusCode.INVALID_ARGUMENT
