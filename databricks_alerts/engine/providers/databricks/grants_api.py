"""Unity Catalog's grants on one securable, as the types Grants and Grant share them.

As terraform-provider-databricks' catalog/permissions: privileges are changed by difference, so
that nothing is ever revoked and granted anew.
"""

from __future__ import annotations

from typing import Any

from databricks_alerts.engine.providers.databricks.client import ApiError
from databricks_alerts.engine.providers.databricks.fields import PROVIDER_CONFIG
from databricks_alerts.engine.providers.databricks.resource import Call
from databricks_alerts.engine.providers.databricks.schema import Field, snake
from databricks_alerts.engine.values import Properties

# Property → the API's securable type. Shares have an API of their own, which only the CLI knows.
SECURABLES = {
    "catalog": "catalog",
    "credential": "credential",
    "externalLocation": "external_location",
    "foreignConnection": "connection",
    "function": "function",
    "metastore": "metastore",
    "model": "function",
    "pipeline": "pipeline",
    "recipient": "recipient",
    "schema": "schema",
    "storageCredential": "storage_credential",
    "table": "table",
    "volume": "volume",
}


def privilege(text: Any) -> str:
    """A privilege in the API's spelling: `use schema` → `USE_SCHEMA`."""
    return str(text).replace(" ", "_").upper()


PRIVILEGES = Field(
    "list",
    required=True,
    unordered=True,
    item=Field("string", same=lambda left, right: privilege(left) == privilege(right)),
)
SECURABLE_FIELDS = {name: Field("string", replaces=True) for name in SECURABLES} | {
    "providerConfig": PROVIDER_CONFIG
}

Assignments = dict[str, set[str]]  # principal → privileges


def securable_of(inputs: Properties) -> tuple[str, str]:
    """The property that names the securable, and its full name."""
    return next((name, str(inputs[name])) for name in SECURABLES if inputs.get(name))


def id_of(inputs: Properties) -> str:
    """`table/main.gold.t`, as Terraform calls it."""
    name, full_name = securable_of(inputs)
    return f"{snake(name)}/{full_name}"


def split_id(identifier: str) -> tuple[str, str, str]:
    """(property, full name, what follows the second slash) of an id."""
    kind, _, rest = identifier.partition("/")
    name = next((item for item in SECURABLES if snake(item) == kind), kind)
    full_name, _, tail = rest.partition("/")
    return name, full_name, tail


def read(call: Call, name: str, full_name: str) -> Assignments | None:
    """All direct grants; None when the securable does not exist. Raises ApiError."""
    try:
        answer = call.client.get(_path(name, full_name), deadline=call.deadline)
    except ApiError as error:
        if error.missing:
            return None
        raise
    return {
        item["principal"]: {privilege(text) for text in item.get("privileges", [])}
        for item in answer.get("privilege_assignments", [])
    }


def change(call: Call, name: str, full_name: str, now: Assignments, wanted: Assignments) -> None:
    """Grant and revoke what differs. Raises ApiError."""
    changes = []
    for principal in sorted({*now, *wanted}):
        has, wants = now.get(principal, set()), wanted.get(principal, set())
        if has != wants:
            add, remove = sorted(wants - has), sorted(has - wants)
            changes.append({"principal": principal, "add": add, "remove": remove})
    if changes:
        call.client.request(
            "PATCH", _path(name, full_name), body={"changes": changes}, deadline=call.deadline
        )


def _path(name: str, full_name: str) -> str:
    return f"/api/2.1/unity-catalog/permissions/{SECURABLES[name]}/{full_name}"
