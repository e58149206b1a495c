"""databricks:index/permissions:Permissions, for alerts and SQL warehouses.

As terraform-provider-databricks' permissions/: the whole list is put, the current user is always
kept as a manager, and neither that nor what admins have or what is inherited shows as drift.
"""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from databricks_alerts.engine.providers.base import CheckFailure, CheckResult, ReadResult
from databricks_alerts.engine.providers.databricks import shapes
from databricks_alerts.engine.providers.databricks.client import ApiError
from databricks_alerts.engine.providers.databricks.fields import COMPUTED, PROVIDER_CONFIG, STRING
from databricks_alerts.engine.providers.databricks.resource import Call, Resource
from databricks_alerts.engine.providers.databricks.schema import Field, items_of
from databricks_alerts.engine.values import UNKNOWN, Properties

_ME = "me"
# Property → (object type in ids and requests, its name in answers, levels).
_OBJECTS = {
    "alertV2Id": ("alertsv2", "alertv2", ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")),
    "sqlEndpointId": (
        "sql/warehouses",
        "warehouses",
        ("CAN_USE", "CAN_MONITOR", "CAN_VIEW", "CAN_MANAGE", "IS_OWNER"),
    ),
}
_PRINCIPALS = ("groupName", "servicePrincipalName", "userName")


def _same_person(left: Any, right: Any) -> bool:
    """Names of users and service principals are the same in any case."""
    return str(left).lower() == str(right).lower()


class Permissions(Resource):
    """Who may do what with an alert."""

    token = "databricks:index/permissions:Permissions"  # noqa: S105 - a type's name
    older_sdk = True
    lasting = ("id", "objectType")
    root = Field(
        "object",
        fields={
            **{name: Field("string", replaces=True) for name in _OBJECTS},
            "accessControls": items_of(
                {
                    "groupName": STRING,
                    "servicePrincipalName": Field("string", same=_same_person),
                    "userName": Field("string", same=_same_person),
                    "permissionLevel": Field("string", required=True),
                },
                required=True,
                one_of=_PRINCIPALS,
            ),
            "objectType": Field("string", follows=True, local=True),
            "providerConfig": PROVIDER_CONFIG,
            "id": COMPUTED,
        },
        one_of=tuple(_OBJECTS),
    )

    def check(self, old: Properties, new: Properties) -> CheckResult:
        result = super().check(old, new)
        result.failures.extend(_level_failures(new))
        return result

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        name = _object_of(inputs)
        made = f"/{_OBJECTS[name][0]}/{inputs[name]}"
        self._put(call, made, inputs["accessControls"])
        return made, self._outputs(made, inputs)

    def read(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        kind, _, object_id = id.lstrip("/").rpartition("/")
        name = next(item for item, (path, *_) in _OBJECTS.items() if path == kind)
        try:
            answer = call.client.get(f"/api/2.0/permissions{id}", deadline=call.deadline)
        except ApiError as error:
            if error.missing:
                return ReadResult("")
            raise
        mine = self._me(call)
        named = {str(who).lower() for who in _people(inputs.get("accessControls", []))}
        found = [
            item
            for item in _direct(answer.get("access_control_list", []))
            if not (_same_person(_person(item), mine) and mine.lower() not in named)
        ]
        if not found:
            return ReadResult("")
        remote = {"id": id, name: object_id, "accessControls": found}
        read = self.result(remote, inputs)
        return ReadResult(id, read.inputs, self._outputs(id, read.inputs))

    def update(
        self, call: Call, id: str, old: Properties, outputs: Properties, new: Properties
    ) -> Properties:
        self._put(call, id, new["accessControls"])
        return self._outputs(id, new)

    def delete(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> None:
        try:
            self._put(call, id, [])
        except ApiError as error:
            if not error.missing:
                raise

    def _outputs(self, id: str, inputs: Properties) -> Properties:
        kind = next(name for path, name, _ in _OBJECTS.values() if id.startswith(f"/{path}/"))
        return {**self.outputs({"id": id}, inputs), "objectType": kind}

    def _put(self, call: Call, id: str, controls: list[Properties]) -> None:
        mine = self._me(call)
        spec = self.root.fields["accessControls"]
        body = shapes.to_api(spec, controls)
        if not any(_same_person(who, mine) for who in _people(controls)):
            body.append({_kind_of(mine): mine, "permission_level": "CAN_MANAGE"})
        call.client.request(
            "PUT",
            f"/api/2.0/permissions{id}",
            body={"access_control_list": body},
            deadline=call.deadline,
        )

    def _me(self, call: Call) -> str:
        """The current user's name, asked for once a run."""
        with call.memory.lock:
            if _ME not in call.memory.known:
                answer = call.client.get("/api/2.0/preview/scim/v2/Me", deadline=call.deadline)
                call.memory.known[_ME] = frozenset({str(answer.get("userName", ""))})
            return next(iter(call.memory.known[_ME]))


def _kind_of(name: str) -> str:
    """A user's name is an address, a service principal's an application id."""
    return "user_name" if "@" in name else "service_principal_name"


def _object_of(inputs: Properties) -> str:
    return next(name for name in _OBJECTS if inputs.get(name))


def _person(item: Properties) -> Any:
    return item.get("userName") or item.get("servicePrincipalName")


def _people(controls: list[Properties]) -> Iterator[Any]:
    return (_person(item) for item in controls if _person(item))


def _direct(answered: list[dict[str, Any]]) -> Iterator[Properties]:
    """What was given on the object itself, but for the admins, who always have everything."""
    names = {"groupName": "group_name", "userName": "user_name"}
    names["servicePrincipalName"] = "service_principal_name"
    for item in answered:
        who = {name: item[api] for name, api in names.items() if item.get(api)}
        if who.get("groupName") == "admins":
            continue
        for permission in item.get("all_permissions", []):
            if not permission.get("inherited"):
                yield {**who, "permissionLevel": permission["permission_level"]}


def _level_failures(inputs: Properties) -> Iterator[CheckFailure]:
    given = [name for name in _OBJECTS if inputs.get(name) is not None]
    controls = inputs.get("accessControls")
    if len(given) != 1 or not isinstance(controls, list):
        return
    allowed = _OBJECTS[given[0]][2]
    for index, item in enumerate(controls):
        level = item.get("permissionLevel") if isinstance(item, dict) else None
        path = f"accessControls[{index}]"
        if level is not None and level is not UNKNOWN and level not in allowed:
            reason = f"must be one of {', '.join(allowed)} for {given[0]}, not {level!r}"
            yield CheckFailure(f"{path}.permissionLevel", reason)
        if isinstance(item, dict) and item.get("groupName") == "admins":
            yield CheckFailure(f"{path}.groupName", "what admins may do cannot be changed")


RESOURCE = Permissions()
