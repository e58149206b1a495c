"""The same requests to the embedded engine's provider and to the plugin get equal answers.

And whatever a property can hold crosses the wire to and fro.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plugin_client import Plugin, plugin, urn_of
from provider_workspace import (
    ALERT,
    DESTINATION,
    GRANT,
    GRANTS,
    PERMISSIONS,
    TestClock,
    Workspace,
    alert,
    provider_for,
    serving,
    slack,
)
from pulumi.runtime.proto import provider_pb2

from databricks_alerts.engine import wire
from databricks_alerts.engine.providers.base import CheckResult, Diff, ReadResult
from databricks_alerts.engine.providers.serve import marshalling
from databricks_alerts.engine.steps import marks
from databricks_alerts.engine.values import (
    UNKNOWN,
    Asset,
    Output,
    ResourceReference,
    Secret,
    has_unknown,
    reveal,
)

pytestmark = pytest.mark.slow

Properties = dict[str, Any]


def controls(level: str) -> list[Properties]:
    return [{"groupName": "analysts", "permissionLevel": level}]


def webhook(**block: str) -> Properties:
    return {"displayName": "d", "config": {"genericWebhook": block}}


# A first and a second state of each type that the program declares.
LIVES: dict[str, tuple[str, Properties, Properties]] = {
    "alert": (ALERT, alert(), alert("b", queryText="SELECT 2 AS x", customSummary="s")),
    "folder": (ALERT, alert(), alert(parentPath="/Shared/other")),
    "webhook": (
        DESTINATION,
        {
            "displayName": "d",
            "config": {"genericWebhook": {"url": "https://a.test", "password": "p"}},
        },
        {"displayName": "d", "config": {"genericWebhook": {"url": "https://b.test"}}},
    ),
    "block": (
        DESTINATION,
        slack(),
        {"displayName": "d", "config": {"email": {"addresses": ["a@x.test"]}}},
    ),
    "permissions": (
        PERMISSIONS,
        {"alertV2Id": "a", "accessControls": controls("CAN_RUN")},
        {"alertV2Id": "a", "accessControls": controls("CAN_EDIT")},
    ),
    "grant": (
        GRANT,
        {"table": "main.g.t", "principal": "p", "privileges": ["SELECT"]},
        {"table": "main.g.t", "principal": "p", "privileges": ["SELECT", "MODIFY"]},
    ),
    "grants": (
        GRANTS,
        {"table": "main.g.t", "grants": [{"principal": "p", "privileges": ["SELECT"]}]},
        {"table": "main.g.t", "grants": [{"principal": "q", "privileges": ["SELECT"]}]},
    ),
}


class Embedded:
    """The provider, called as the embedded engine calls it (engine.steps.operations)."""

    def __init__(self, workspace: Workspace) -> None:
        self.provider = provider_for(workspace)

    def check(self, token: str, news: Properties, olds: Properties) -> Any:
        result = self.provider.check(token, urn_of(token), reveal(olds), reveal(news))
        inputs = self._marked(token, result.inputs, news)
        return inputs, sorted(f"{item.property} {item.reason}".strip() for item in result.failures)

    def diff(self, token: str, *arguments: Any) -> Any:
        identifier, *properties = arguments
        found = self.provider.diff(token, urn_of(token), identifier, *map(reveal, properties), [])
        detailed = {path: item.kind for path, item in found.detailed.items()}
        return found.changes, found.replace_keys, found.changed_keys, detailed

    def create(self, token: str, inputs: Properties, preview: bool) -> Any:
        made, outputs = self.provider.create(token, urn_of(token), reveal(inputs), None, preview)
        return made, self._marked(token, outputs, inputs)

    def read(self, token: str, made: str, inputs: Properties | None, outputs: Properties) -> Any:
        given = reveal(inputs or {})
        found = self.provider.read(token, urn_of(token), made, given, reveal(outputs))
        read = self._marked(token, found.inputs, inputs or {})
        marked = marks.like(found.outputs, outputs)
        return found.id, read, self._marked(token, marked, inputs or {})

    def update(
        self, token: str, made: str, olds: Any, outputs: Any, news: Any, preview: bool
    ) -> Any:
        arguments = map(reveal, (olds, outputs, news))
        updated = self.provider.update(token, urn_of(token), made, *arguments, None, [], preview)
        return self._marked(token, updated, news)

    def delete(self, token: str, made: str, inputs: Properties, outputs: Properties) -> None:
        self.provider.delete(token, urn_of(token), made, reveal(inputs), reveal(outputs), None)

    def _marked(self, token: str, properties: Properties, model: Properties) -> Properties:
        marked = marks.like(properties, model)
        return marks.paths(marked, self.provider.secret_outputs(token))


class Served:
    """The same, through the plugin."""

    def __init__(self, client: Plugin) -> None:
        self.client = client

    def check(self, token: str, news: Properties, olds: Properties) -> Any:
        answer = self.client.check(token, news, olds)
        failures = sorted(item.reason for item in answer.failures)
        return wire.from_struct(answer.inputs), failures

    def diff(self, token: str, *arguments: Any) -> Any:
        answer = self.client.diff(token, *arguments)
        kind = provider_pb2.PropertyDiff.Kind.Name
        detailed = {
            path: kind(item.kind).lower().replace("_", "-")
            for path, item in answer.detailedDiff.items()
        }
        changes = answer.changes == provider_pb2.DiffResponse.DIFF_SOME
        return changes, list(answer.replaces), list(answer.diffs), detailed

    def create(self, token: str, inputs: Properties, preview: bool) -> Any:
        return self.client.create(token, inputs, preview=preview)

    def read(self, token: str, made: str, inputs: Properties | None, outputs: Properties) -> Any:
        return self.client.read(token, made, inputs, outputs)

    def update(
        self, token: str, made: str, olds: Any, outputs: Any, news: Any, preview: bool
    ) -> Any:
        return self.client.update(token, made, olds, outputs, news, preview=preview)

    def delete(self, token: str, made: str, inputs: Properties, outputs: Properties) -> None:
        self.client.delete(token, made, inputs, outputs)


@pytest.fixture
def workspaces() -> Iterator[tuple[Workspace, Workspace]]:
    with serving() as one, serving() as other:
        for workspace in (one, other):
            workspace.acl["/api/2.0/permissions/alertsv2/a"] = []
        yield one, other


@pytest.fixture
def both(workspaces: tuple[Workspace, Workspace]) -> Iterator[tuple[Embedded, Served]]:
    with plugin(TestClock()) as client:
        client.configure(workspaces[1])
        yield Embedded(workspaces[0]), Served(client)


TIMES = ("createTime", "updateTime")


def without_times(answer: Any) -> Any:
    if isinstance(answer, dict):
        return {key: without_times(item) for key, item in answer.items() if key not in TIMES}
    if isinstance(answer, list | tuple):
        return [without_times(item) for item in answer]
    return answer


def life(provider: Any, token: str, first: Properties, second: Properties) -> Iterator[Any]:
    """Every request of a resource's life, with what was answered before, as engines send them."""
    inputs, failures = provider.check(token, first, {})
    yield inputs, failures
    yield provider.create(token, inputs, True)
    made, outputs = provider.create(token, inputs, False)
    yield made, outputs
    yield provider.diff(token, made, inputs, outputs, inputs)
    news, failures = provider.check(token, second, inputs)
    yield news, failures
    yield provider.diff(token, made, inputs, outputs, news)
    yield provider.update(token, made, inputs, outputs, news, True)
    updated = provider.update(token, made, inputs, outputs, news, False)
    yield updated
    read = provider.read(token, made, news, updated)
    yield read
    yield provider.read(token, made, None, {})
    yield provider.diff(token, made, read[1], read[2], news)
    provider.delete(token, made, news, updated)
    yield provider.read(token, made, news, updated)


@pytest.mark.parametrize("name", LIVES)
@pytest.mark.parametrize("hidden", [False, True], ids=["plain", "secret"])
def test_a_life_is_the_same_for_both(
    both: tuple[Embedded, Served],
    workspaces: tuple[Workspace, Workspace],
    name: str,
    hidden: bool,
) -> None:
    token, first, second = LIVES[name]
    if hidden:
        first, second = (_first_hidden(item) for item in (first, second))
    expected = [without_times(answer) for answer in life(both[0], token, first, second)]
    found = [without_times(answer) for answer in life(both[1], token, first, second)]
    assert found == expected
    sent, received = ([(verb, path) for verb, path, _ in item.requests] for item in workspaces)
    assert received == sent


def _first_hidden(inputs: Properties) -> Properties:
    name = next(name for name, value in inputs.items() if isinstance(value, str))
    return {**inputs, name: Secret(inputs[name])}


# -- whatever a property can hold

KEYS = st.sampled_from(["value", "urn", "", "a.b", "__defaults", "ü"])
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, width=64)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
LEAVES = (
    st.none()
    | st.booleans()
    | NUMBERS
    | TEXTS
    | st.just(UNKNOWN)
    | st.builds(ResourceReference, TEXTS, st.none() | TEXTS, TEXTS)
    | st.builds(lambda text, sha: Asset("asset", {"text": text, "hash": sha}), TEXTS, TEXTS)
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    containers = st.lists(inner, max_size=3) | st.dictionaries(TEXTS | KEYS, inner, max_size=3)
    marked = st.builds(Secret, containers | LEAVES)
    outputs = st.builds(Output, containers | LEAVES, st.tuples(TEXTS), st.booleans())
    return containers | marked | outputs


PROPERTIES = st.dictionaries(TEXTS | KEYS, st.recursive(LEAVES, nested, max_leaves=12))


def settled(value: Any) -> Any:
    """Whole doubles as ints, as Pulumi's state writes them; above 2^53 both are the same."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [settled(item) for item in value]
    if isinstance(value, Secret):
        return Secret(settled(value.value))
    if isinstance(value, Output):
        return Output(settled(value.value), value.dependencies, value.secret)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


@given(PROPERTIES)
@settings(deadline=None)
def test_properties_cross_the_wire_unchanged(properties: Properties) -> None:
    message = wire.to_struct(properties).SerializeToString()
    struct = type(wire.to_struct({})).FromString(message)
    assert wire.from_struct(struct) == settled(properties)


@given(st.integers(2**53, 2**1000) | st.integers(-(2**1000), -(2**53)))
def test_integers_that_doubles_cannot_hold_become_the_nearest_double(number: int) -> None:
    found = wire.from_struct(wire.to_struct({"n": number}))["n"]
    assert math.isclose(found, float(number), rel_tol=0)


class Echo:
    """A provider that answers with what it was given, and remembers it."""

    def __init__(self) -> None:
        self.given: list[Properties] = []

    def supports(self, token: str) -> bool:
        return True

    def secret_outputs(self, token: str) -> frozenset[str]:
        return frozenset()

    def configure(self, inputs: Properties) -> None:
        pass

    def check(self, token: str, urn: str, olds: Properties, news: Properties) -> CheckResult:
        self.given.append(news)
        return CheckResult(news)

    def diff(self, *arguments: Any) -> Diff:
        self.given.append(arguments[5])
        return Diff(changes=False)

    def create(
        self, token: str, urn: str, inputs: Properties, *rest: Any
    ) -> tuple[str, Properties]:
        self.given.append(inputs)
        return "id", inputs

    def read(self, token: str, urn: str, made: str, inputs: Any, outputs: Any) -> ReadResult:
        self.given.append(inputs)
        return ReadResult(made, inputs, outputs)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[Echo, Plugin]]:
    made = Echo()
    with ExitStack() as stack:
        client = stack.enter_context(plugin(make=lambda: made))
        client.stub.Configure(provider_pb2.ConfigureRequest())
        yield made, client


def holds_no_mark(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(holds_no_mark, value.values()))
    if isinstance(value, list):
        return all(map(holds_no_mark, value))
    return not isinstance(value, Secret | Output | ResourceReference)


def resolved(value: Any) -> Any:
    """References as what a provider without them is given: the id, or the URN of a component."""
    if isinstance(value, dict):
        return {key: resolved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [resolved(item) for item in value]
    if isinstance(value, Secret):
        return Secret(resolved(value.value))
    if isinstance(value, ResourceReference):
        return value.urn if value.id is None else value.id
    return value


@given(PROPERTIES)
@settings(deadline=None)
def test_a_provider_gets_no_marks_and_its_answer_has_them_again(
    echo: tuple[Echo, Plugin], properties: Properties
) -> None:
    provider, client = echo
    provider.given.clear()
    expected = resolved(settled(wire.downgrade(properties)))
    checked = wire.from_struct(client.check(ALERT, properties).inputs)
    _, created = client.create(ALERT, properties)
    _, read_inputs, read = client.read(ALERT, "id", properties, properties)
    client.diff(ALERT, "id", properties, properties, properties)
    for given_plain in provider.given:
        assert holds_no_mark(given_plain)
    for answer in (checked, created, read_inputs, read):
        assert _marked_at_least(answer, expected)
        assert reveal(answer) == reveal(expected)
        assert has_unknown(answer) == has_unknown(expected)


def _marked_at_least(found: Any, expected: Any) -> bool:
    """Whether everything secret is secret, itself or by what holds it."""
    if isinstance(found, Secret):
        return True
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(_marked_at_least(found[key], item) for key, item in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return all(map(_marked_at_least, found, expected))
    return not isinstance(expected, Secret)


@given(PROPERTIES, PROPERTIES, st.lists(TEXTS | st.sampled_from(["", "*", "a.b", "a[0]", "["])))
def test_ignored_paths_of_any_form_harm_nothing(
    news: Properties, olds: Properties, ignored: list[str]
) -> None:
    once = marshalling.with_ignored(news, olds, ignored)
    assert marshalling.with_ignored(once, olds, ignored) == once
    assert marshalling.with_ignored(news, olds, ["*"]) == olds
