"""What a resource type is, and the one way in which most of them work.

A type is a module in `resources/` with a `RESOURCE`. Most need only say their fields, their path,
and how to find one that an interrupted create left behind.
"""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.engine.providers.base import CheckResult, Diff, ProviderError, ReadResult
from databricks_alerts.engine.providers.databricks import checks, comparison, shapes
from databricks_alerts.engine.providers.databricks.client import ApiError, Client
from databricks_alerts.engine.providers.databricks.schema import Field, secret_paths
from databricks_alerts.engine.values import Properties

_TRIES_AFTER_UNKNOWN = 5


@dataclass(slots=True)
class Memory:
    """What resource types remember of the workspace for one run: ids by a key of their own."""

    known: dict[str, frozenset[str]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: the workspace, until when, and ids that are known to be somebody else's."""

    client: Client
    deadline: float
    known_ids: Container[str] = frozenset()
    memory: Memory = field(default_factory=Memory)


class Resource(ABC):
    """A resource type. Stateless: what it remembers of a run lives in the provider."""

    token: str
    root: Field
    older_sdk = False  # made with Terraform's SDKv2: inputs carry `__defaults`

    @property
    def secrets(self) -> frozenset[str]:
        """Dotted paths of what is always secret."""
        return frozenset(secret_paths(self.root.fields))

    def check(self, old: Properties, new: Properties) -> CheckResult:
        """Check inputs; makes no request."""
        given = {name: value for name, value in new.items() if value is not None}
        found = checks.failures(self.root, given, old)
        return CheckResult(shapes.with_defaults_key(given) if self.older_sdk else given, found)

    def diff(self, old: Properties, outputs: Properties, new: Properties) -> Diff:
        """Compare; makes no request."""
        return comparison.compare(self.root, old, new)

    def planned(self, new: Properties, old_outputs: Properties | None = None) -> Properties:
        """The outputs as a preview can know them."""
        outputs = shapes.planned(self.root, new)
        if old_outputs is not None:
            for name in (*self.lasting, "providerConfig"):
                if name in old_outputs:
                    outputs[name] = old_outputs[name]
        return outputs

    lasting: tuple[str, ...] = ("id",)  # computed, and never changed by an update

    def result(self, remote: Properties, old: Properties) -> ReadResult:
        """What the workspace has, as inputs and outputs."""
        inputs = shapes.inputs_from(self.root, remote, old)
        if self.older_sdk:
            inputs = shapes.with_defaults_key(inputs)
        return ReadResult(str(remote["id"]), inputs, self.outputs(remote, inputs))

    def outputs(self, remote: Properties, inputs: Properties) -> Properties:
        """What is recorded after `remote` was answered for `inputs`."""
        return shapes.outputs_from(self.root, remote, inputs)

    @abstractmethod
    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        """Create; answers (id, outputs). Raises ProviderError."""

    @abstractmethod
    def read(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        """The resource as it is; an empty id when it is gone. Raises ProviderError."""

    @abstractmethod
    def update(
        self, call: Call, id: str, old: Properties, outputs: Properties, new: Properties
    ) -> Properties:
        """Bring it to `new`; answers outputs. Raises ProviderError."""

    @abstractmethod
    def delete(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> None:
        """Delete; gone already is no error. Raises ProviderError."""

    def find_created(self, call: Call, inputs: Properties) -> str | None:
        """The id of one that an interrupted create left behind, not among `call.known_ids`."""
        return None

    def listed(self, call: Call) -> Mapping[str, Properties] | None:
        """Everything of this type by id, read by paged lists; None if lists do not tell enough."""
        return None


class Created(Resource):
    """A type of which POST makes a new one each time, so that a lost answer needs a look-up."""

    path: str

    @abstractmethod
    def candidates(self, call: Call, inputs: Properties, ago: float | None) -> Iterator[Properties]:
        """Those in the workspace that may be what a create with `inputs` made, the best first.

        `ago`: the create was sent this many seconds ago in this run; None for an earlier run.
        """

    def remember(self, call: Call) -> None:
        """Look at what exists before the first create, where only that tells afterwards."""

    # Whether a look-up that finds nothing proves that nothing was created.
    absence_is_certain = True

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        remote = self._create_once(call, inputs)
        return str(remote["id"]), self.outputs(remote, inputs)

    def find_created(self, call: Call, inputs: Properties) -> str | None:
        for remote in self.candidates(call, inputs, None):
            if remote["id"] not in call.known_ids:
                return str(remote["id"])
        return None

    def _create_once(self, call: Call, inputs: Properties) -> Properties:
        """POST, and after an answer that was lost look before trying again: never two."""
        self.remember(call)
        body = shapes.to_api(self.root, inputs)
        secrets = tuple(_strings(body)) if self.secrets else ()
        since = call.client.clock.now()
        unknown = 0
        while True:
            try:
                answer = call.client.request(
                    "POST", self.path, body=body, deadline=call.deadline, secrets=secrets
                )
                return self._received(answer)
            except ApiError as error:
                if error.outcome_known and not (unknown and error.already_exists):
                    raise
                unknown += 1
                found = self._look(call, inputs, since, error, last=unknown)
                if found is not None:
                    return found
                if unknown >= _TRIES_AFTER_UNKNOWN or error.already_exists:
                    raise

    def _look(
        self, call: Call, inputs: Properties, since: float, error: ApiError, last: int
    ) -> Properties | None:
        """What the lost request made; None if it certainly made nothing."""
        client = call.client
        waits = (0.5 * last,) if self.absence_is_certain else (0.5, 1.0, 2.0)
        try:
            for wait in waits:
                client.clock.wait(wait)
                ago = client.clock.now() - since
                found = [
                    remote
                    for remote in self.candidates(call, inputs, ago)
                    if remote["id"] not in call.known_ids
                ]
                if found:
                    return found[0]
        except ProviderError as trouble:
            raise _undecided(error, str(trouble)) from trouble
        if not self.absence_is_certain:
            raise _undecided(error, "the list of them does not show it yet")
        if client.clock.now() >= call.deadline:
            raise error
        return None

    def _received(self, answer: dict[str, Any]) -> Properties:
        remote: Properties = shapes.from_api(self.root, answer)
        if not remote.get("id"):
            raise ProviderError(f"the answer to POST {self.path} has no id", outcome_known=False)
        return remote


def _undecided(error: ApiError, why: str) -> ProviderError:
    return ProviderError(
        f"{error}; whether it was created could not be found out ({why}): the next run looks again",
        error_code=error.error_code,
        outcome_known=False,
    )


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
