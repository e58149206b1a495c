"""databricks:index/notificationDestination:NotificationDestination.

As terraform-provider-databricks' settings/resource_notification_destination.go. The API's list
shows no configuration and lags behind, so destinations are read by id; a read never shows a
secret, only whether there is one, so that a secret's drift cannot be seen and only a changed input
counts.
"""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from databricks_alerts.engine.providers.base import CheckFailure, CheckResult, ReadResult
from databricks_alerts.engine.providers.databricks import shapes
from databricks_alerts.engine.providers.databricks.client import ApiError
from databricks_alerts.engine.providers.databricks.fields import (
    COMPUTED,
    COMPUTED_BOOLEAN,
    PROVIDER_CONFIG,
)
from databricks_alerts.engine.providers.databricks.resource import Call, Created
from databricks_alerts.engine.providers.databricks.schema import Field
from databricks_alerts.engine.values import Properties

_PAGE_SIZE = 100
_TYPES = {
    "email": "EMAIL",
    "slack": "SLACK",
    "genericWebhook": "WEBHOOK",
    "microsoftTeams": "MICROSOFT_TEAMS",
    "pagerduty": "PAGERDUTY",
    "databricksAppSlack": "DATABRICKS_APP_SLACK",
    "databricksAppTeams": "DATABRICKS_APP_TEAMS",
}
# What a block needs: one of these sets, all of its members.
_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "email": (("addresses",),),
    "slack": (("url",), ("channelId", "oauthToken")),
    "genericWebhook": (("url",),),
    "microsoftTeams": (("url",), ("appId", "authSecret", "channelUrl", "tenantId")),
    "pagerduty": (("integrationKey",),),
    "databricksAppSlack": (("channelId", "teamId"),),
    "databricksAppTeams": (("channelId", "teamId", "tenantId"),),
}


def _secrets(*names: str) -> Field:
    """A block of secrets; a change of one updates, another block needs a new destination."""
    fields = {name: Field("string", secret=True) for name in names}
    fields |= {f"{name}Set": COMPUTED_BOOLEAN for name in names}
    return Field("object", fields=fields, replaces_presence=True)


_EMAIL = Field(
    "object",
    fields={"addresses": Field("list", item=Field("string"), unordered=True)},
    replaces_presence=True,
)
_BLOCKS = {
    "email": _EMAIL,
    "slack": _secrets("url", "channelId", "oauthToken"),
    "genericWebhook": _secrets("url", "username", "password"),
    "microsoftTeams": _secrets("url", "appId", "authSecret", "channelUrl", "tenantId"),
    "pagerduty": _secrets("integrationKey"),
    "databricksAppSlack": _secrets("channelId", "teamId"),
    "databricksAppTeams": _secrets("channelId", "teamId", "tenantId"),
}


class NotificationDestination(Created):
    """Where alerts send their notifications."""

    token = "databricks:index/notificationDestination:NotificationDestination"  # noqa: S105
    path = "/api/2.0/notification-destinations"
    older_sdk = True
    absence_is_certain = False  # the list is eventually consistent
    lasting = ("id", "destinationType", "notificationDestinationId")
    root = Field(
        "object",
        fields={
            "displayName": Field("string", required=True),
            "config": Field("object", required=True, fields=_BLOCKS, one_of=tuple(_BLOCKS)),
            # Computed, though the provider takes it as an input too.
            "destinationType": Field(
                "string",
                allowed=tuple(_TYPES.values()),
                follows=True,
                local=True,
                replaces=True,
            ),
            "notificationDestinationId": Field("string", follows=True, local=True),
            "providerConfig": PROVIDER_CONFIG,
            "id": COMPUTED,
        },
    )

    def check(self, old: Properties, new: Properties) -> CheckResult:
        result = super().check(old, new)
        result.failures.extend(_block_failures(new))
        return result

    def planned(self, new: Properties, old_outputs: Properties | None = None) -> Properties:
        outputs = super().planned(new, old_outputs)
        if (kind := _kind(new)) is not None:
            outputs["destinationType"] = _TYPES[kind]
        outputs.pop("id", None)
        return outputs

    def outputs(self, remote: Properties, inputs: Properties) -> Properties:
        outputs = super().outputs(remote, inputs)
        kind = _kind(inputs)
        outputs["destinationType"] = remote.get("destinationType") or _TYPES.get(kind or "", "")
        # Pulumi's provider has the id under this name alone; with both it cannot read the state.
        outputs["notificationDestinationId"] = remote["id"]
        outputs.pop("id", None)
        return outputs

    def read(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        try:
            answer = call.client.get(f"{self.path}/{id}", deadline=call.deadline)
        except ApiError as error:
            if error.missing:
                return ReadResult("")
            raise
        remote = shapes.from_api(self.root, answer)
        if "config" not in remote and "config" in inputs:
            # Only workspace admins are shown it: what cannot be seen has not drifted.
            seen = {**remote, "config": _as_set(inputs["config"])}
            return self.result(seen, inputs)
        return self.result(remote, inputs)

    def update(
        self, call: Call, id: str, old: Properties, outputs: Properties, new: Properties
    ) -> Properties:
        body = shapes.to_api(self.root, new)
        answer = call.client.request(
            "PATCH",
            f"{self.path}/{id}",
            body={name: body[name] for name in ("display_name", "config")},
            deadline=call.deadline,
            secrets=list(_texts(body["config"])),
        )
        return self.outputs({**shapes.from_api(self.root, answer), "id": id}, new)

    def delete(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> None:
        try:
            call.client.request("DELETE", f"{self.path}/{id}", deadline=call.deadline)
        except ApiError as error:
            if not error.missing:
                raise

    def remember(self, call: Call) -> None:
        with call.memory.lock:
            if self.token not in call.memory.known:
                call.memory.known[self.token] = frozenset(
                    str(item["id"]) for item in self._all(call)
                )

    def candidates(self, call: Call, inputs: Properties, ago: float | None) -> Iterator[Properties]:
        before = call.memory.known.get(self.token, frozenset()) if ago is not None else frozenset()
        wanted = _TYPES.get(_kind(inputs) or "")
        for item in self._all(call):
            remote = shapes.from_api(self.root, item)
            name, kind = remote.get("displayName"), remote.get("destinationType")
            same = name == inputs.get("displayName") and kind in (wanted, None)
            if same and remote["id"] not in before:
                yield remote

    def _all(self, call: Call) -> Iterator[dict[str, Any]]:
        query = {"page_size": _PAGE_SIZE}
        for page in call.client.pages(self.path, "results", query, deadline=call.deadline):
            yield from page


def _kind(inputs: Properties) -> str | None:
    """The block that the inputs have."""
    config = inputs.get("config")
    given = [name for name in _TYPES if isinstance(config, dict) and config.get(name) is not None]
    return given[0] if len(given) == 1 else None


def _block_failures(inputs: Properties) -> Iterator[CheckFailure]:
    kind = _kind(inputs)
    if kind is None:
        return
    block = inputs["config"][kind]
    if isinstance(block, dict) and not any(
        all(block.get(name) not in (None, "", []) for name in needed) for needed in _NEEDS[kind]
    ):
        ways = " or ".join(" and ".join(needed) for needed in _NEEDS[kind])
        yield CheckFailure(f"config.{kind}", f"needs {ways}")
    stated = inputs.get("destinationType")
    if isinstance(stated, str) and stated != _TYPES[kind]:
        yield CheckFailure("destinationType", f"must be {_TYPES[kind]}, as config.{kind} says")


def _as_set(config: Any) -> Any:
    """A configuration as an admin would be shown it."""
    return {
        name: {**block, **{f"{key}Set": True for key in block if not key.startswith("__")}}
        for name, block in config.items()
        if isinstance(block, dict)
    }


def _texts(value: Any) -> Iterator[str]:
    for block in value.values():
        yield from (text for text in block.values() if isinstance(text, str))


RESOURCE = NotificationDestination()
