"""databricks:index/grants:Grants: all grants on a securable, so that others' are revoked."""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

from databricks_alerts.engine.providers.base import ReadResult
from databricks_alerts.engine.providers.databricks import grants_api
from databricks_alerts.engine.providers.databricks.fields import COMPUTED, REQUIRED
from databricks_alerts.engine.providers.databricks.resource import Call, Resource
from databricks_alerts.engine.providers.databricks.schema import Field, items_of
from databricks_alerts.engine.values import Properties


class Grants(Resource):
    """Who may do what with a Unity Catalog object: the whole list."""

    token = "databricks:index/grants:Grants"  # noqa: S105 - a type's name
    older_sdk = True
    root = Field(
        "object",
        fields={
            **grants_api.SECURABLE_FIELDS,
            "grants": items_of(
                {"principal": REQUIRED, "privileges": grants_api.PRIVILEGES}, required=True
            ),
            "id": COMPUTED,
        },
        one_of=tuple(grants_api.SECURABLES),
    )

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        made = grants_api.id_of(inputs)
        return made, self._set(call, made, inputs)

    def read(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        name, full_name, _ = grants_api.split_id(id)
        found = grants_api.read(call, name, full_name)
        if not found:
            return ReadResult("")
        remote = {
            "id": id,
            name: full_name,
            "grants": [
                {"principal": principal, "privileges": sorted(privileges)}
                for principal, privileges in sorted(found.items())
            ],
        }
        return self.result(remote, inputs)

    def update(
        self, call: Call, id: str, old: Properties, outputs: Properties, new: Properties
    ) -> Properties:
        return self._set(call, id, new)

    def delete(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> None:
        name, full_name, _ = grants_api.split_id(id)
        found = grants_api.read(call, name, full_name)
        if found:
            grants_api.change(call, name, full_name, found, {})

    def _set(self, call: Call, id: str, inputs: Properties) -> Properties:
        name, full_name, _ = grants_api.split_id(id)
        wanted: grants_api.Assignments = {}
        for item in inputs["grants"]:
            texts = {grants_api.privilege(text) for text in item["privileges"]}
            wanted.setdefault(item["principal"], set()).update(texts)
        found = grants_api.read(call, name, full_name)
        grants_api.change(call, name, full_name, found or {}, wanted)
        return self.outputs({"id": id}, inputs)


RESOURCE = Grants()
