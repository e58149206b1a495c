"""databricks:index/alertV2:AlertV2, over /api/2.0/alerts.

As terraform-provider-databricks' alert_v2 (plugin framework), except where that is known to fail:
update masks name only what changed, a trashed alert is gone, a changed folder replaces (the API
takes parent_path on create only), and what the workspace normalises is no drift.
"""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from databricks_alerts.engine.providers.base import ReadResult
from databricks_alerts.engine.providers.databricks import shapes
from databricks_alerts.engine.providers.databricks.client import ApiError
from databricks_alerts.engine.providers.databricks.fields import (
    COMPUTED,
    COMPUTED_BOOLEAN,
    COMPUTED_INTEGER,
    PROVIDER_CONFIG,
    REQUIRED,
    STRING,
    TEXT,
)
from databricks_alerts.engine.providers.databricks.resource import Call, Created
from databricks_alerts.engine.providers.databricks.schema import Field, equal, items_of, snake
from databricks_alerts.engine.values import Properties

OPERATORS = (
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
    "IS_NULL",
    "IS_NOT_NULL",
)
AGGREGATIONS = ("SUM", "COUNT", "COUNT_DISTINCT", "AVG", "MEDIAN", "MIN", "MAX", "STDDEV")
STATES = ("OK", "TRIGGERED", "ERROR", "UNKNOWN")
_PAGE_SIZE = 100  # the most that the API gives
_CLOCK_SLACK = 5.0  # seconds: HTTP dates are whole, and servers differ among themselves


def folder(path: str) -> str:
    """A workspace folder in one spelling: `/Workspace/Shared/x/` and `/Shared/x` are the same."""
    parts = [part for part in path.split("/") if part]
    return "/" + "/".join(parts[1:] if parts[:1] == ["Workspace"] else parts)


def same_name(left: Any, right: Any) -> bool:
    """Whether two names are the same but for the ` (1)` that the workspace adds to a taken one."""
    return left == right or any(
        re.fullmatch(re.escape(str(one)) + r" \(\d+\)", str(other))
        for one, other in ((left, right), (right, left))
    )


_RUN_AS = {"servicePrincipalName": STRING, "userName": STRING}
_COLUMN = {
    "name": REQUIRED,
    "aggregation": Field("string", allowed=AGGREGATIONS),
    "display": TEXT,
}
_NOTIFICATION = Field(
    "object",
    fields={
        "notifyOnOk": Field("boolean", default=False),
        "retriggerSeconds": Field("integer", default=0),
        "subscriptions": items_of(
            {"destinationId": STRING, "userEmail": STRING}, one_of=("destinationId", "userEmail")
        ),
        "effectiveNotifyOnOk": COMPUTED_BOOLEAN,
        "effectiveRetriggerSeconds": COMPUTED_INTEGER,
    },
)
_THRESHOLD_VALUE = {
    "boolValue": Field("boolean"),
    "doubleValue": Field("number"),
    "stringValue": STRING,
}
_EVALUATION = Field(
    "object",
    required=True,
    fields={
        "comparisonOperator": Field("string", required=True, allowed=OPERATORS),
        "emptyResultState": Field("string", allowed=STATES, default="UNKNOWN"),
        "notification": _NOTIFICATION,
        "source": Field("object", required=True, fields=_COLUMN),
        "threshold": Field(
            "object",
            fields={
                "column": Field("object", fields=_COLUMN),
                "value": Field("object", fields=_THRESHOLD_VALUE, one_of=tuple(_THRESHOLD_VALUE)),
            },
            one_of=("column", "value"),
        ),
        "state": COMPUTED,
        "lastEvaluatedAt": COMPUTED,
    },
)
_SCHEDULE = Field(
    "object",
    required=True,
    fields={
        "quartzCronSchedule": REQUIRED,
        "timezoneId": REQUIRED,
        "pauseStatus": Field("string", allowed=("UNPAUSED", "PAUSED"), default="UNPAUSED"),
    },
)
_PARAMETERS = items_of(
    {"name": REQUIRED, "type": Field("string", default="STRING"), "value": STRING}
)


class AlertV2(Created):
    """A SQL alert."""

    token = "databricks:index/alertV2:AlertV2"  # noqa: S105 - a type's name
    path = "/api/2.0/alerts"
    lasting = ("id", "createTime", "ownerUserName")
    root = Field(
        "object",
        fields={
            "displayName": Field("string", required=True),
            "queryText": REQUIRED,
            "warehouseId": REQUIRED,
            "evaluation": _EVALUATION,
            "schedule": _SCHEDULE,
            "customSummary": TEXT,
            "customDescription": TEXT,
            "customTemplateFormat": Field("string", allowed=("HTML", "MARKDOWN")),
            "parameters": _PARAMETERS,
            "parentPath": Field(
                "string",
                follows=True,
                replaces=True,
                same=lambda left, right: folder(left) == folder(right),
            ),
            "runAs": Field("object", fields=_RUN_AS, one_of=tuple(_RUN_AS)),
            "runAsUserName": Field("string", follows=True, imported=False),
            "purgeOnDelete": Field("boolean", local=True, default=False),
            "providerConfig": PROVIDER_CONFIG,
            "id": COMPUTED,
            "createTime": COMPUTED,
            "updateTime": COMPUTED,
            "ownerUserName": COMPUTED,
            "lifecycleState": COMPUTED,
            "effectiveRunAs": Field("object", fields=_RUN_AS, computed=True),
        },
    )

    def read(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        try:
            answer = call.client.get(f"{self.path}/{id}", deadline=call.deadline)
        except ApiError as error:
            if error.missing:
                return ReadResult("")
            raise
        return self.result(shapes.from_api(self.root, answer), inputs)

    def result(self, remote: Properties, old: Properties) -> ReadResult:
        # A trashed alert still answers, for 30 days; it cannot fire, so it is gone.
        if remote.get("lifecycleState") == "DELETED":
            return ReadResult("")
        if old and same_name(old.get("displayName"), remote.get("displayName")):
            remote = {**remote, "displayName": old["displayName"]}
        return super().result(remote, old)

    def outputs(self, remote: Properties, inputs: Properties) -> Properties:
        inner = remote.get("evaluation", {})
        # A new alert has not run: its state is UNKNOWN, said or not.
        remote = {**remote, "evaluation": {"state": "UNKNOWN", **inner}}
        return super().outputs(remote, inputs)

    def update(
        self, call: Call, id: str, old: Properties, outputs: Properties, new: Properties
    ) -> Properties:
        body = shapes.to_api(self.root, new)
        names = [
            name
            for name, item in self.root.fields.items()
            if not item.computed and not item.local and name != "parentPath"
            if not equal(item, old.get(name), new.get(name))
        ]
        if not names:  # only what is kept here changed, such as purgeOnDelete
            return shapes.outputs_from(self.root, outputs, new)
        mask = sorted(snake(name) for name in names)
        answer = call.client.request(
            "PATCH",
            f"{self.path}/{id}",
            query={"update_mask": ",".join(mask)},
            body={name: body[name] for name in mask if name in body},
            deadline=call.deadline,
        )
        return self.outputs(shapes.from_api(self.root, answer), new)

    def delete(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> None:
        purge = bool(inputs.get("purgeOnDelete", outputs.get("purgeOnDelete")))
        try:
            call.client.request(
                "DELETE",
                f"{self.path}/{id}",
                query={"purge": "true"} if purge else None,
                deadline=call.deadline,
            )
        except ApiError as error:
            if not error.missing:
                raise

    def listed(self, call: Call) -> Mapping[str, Properties]:
        return {
            str(item["id"]): remote
            for item in self._all(call)
            if (remote := shapes.from_api(self.root, item)).get("queryText") is not None
        }

    def candidates(self, call: Call, inputs: Properties, ago: float | None) -> Iterator[Properties]:
        found = []
        for item in self._all(call):
            remote = shapes.from_api(self.root, item)
            if remote.get("lifecycleState") != "DELETED" and _is(remote, inputs):
                found.append(remote)
        if ago is not None:
            earliest = call.client.server_time() - ago - _CLOCK_SLACK
            found = [remote for remote in found if _moment(remote.get("createTime")) >= earliest]
        yield from sorted(found, key=lambda remote: _moment(remote.get("createTime")), reverse=True)

    def _all(self, call: Call) -> Iterator[dict[str, Any]]:
        query = {"page_size": _PAGE_SIZE}
        for page in call.client.pages(self.path, "alerts", query, deadline=call.deadline):
            yield from page


def _is(remote: Properties, inputs: Properties) -> bool:
    """Whether an alert is what a create with these inputs would have made."""
    if not same_name(inputs.get("displayName"), remote.get("displayName")):
        return False
    wanted = inputs.get("parentPath")
    if wanted and folder(wanted) != folder(remote.get("parentPath") or ""):
        return False
    return str(remote.get("queryText")).strip() == str(inputs.get("queryText")).strip()


def _moment(text: Any) -> float:
    """Seconds since 1970 of an RFC 3339 time; for none, or another form, the far future."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return float("inf")


RESOURCE = AlertV2()
