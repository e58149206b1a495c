"""databricks:index/grant:Grant: one principal's grants on a securable; others' are left alone."""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

from databricks_alerts.engine.providers.base import ReadResult
from databricks_alerts.engine.providers.databricks import grants_api
from databricks_alerts.engine.providers.databricks.fields import COMPUTED
from databricks_alerts.engine.providers.databricks.resource import Call, Resource
from databricks_alerts.engine.providers.databricks.schema import Field
from databricks_alerts.engine.values import Properties


class Grant(Resource):
    """What one principal may do with a Unity Catalog object."""

    token = "databricks:index/grant:Grant"  # noqa: S105 - a type's name
    older_sdk = True
    root = Field(
        "object",
        fields={
            **grants_api.SECURABLE_FIELDS,
            "principal": Field("string", required=True, replaces=True),
            "privileges": grants_api.PRIVILEGES,
            "id": COMPUTED,
        },
        one_of=tuple(grants_api.SECURABLES),
    )

    def create(self, call: Call, inputs: Properties) -> tuple[str, Properties]:
        made = f"{grants_api.id_of(inputs)}/{inputs['principal']}"
        return made, self._set(call, made, inputs)

    def read(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> ReadResult:
        name, full_name, principal = grants_api.split_id(id)
        found = (grants_api.read(call, name, full_name) or {}).get(principal)
        if not found:
            return ReadResult("")
        remote = {"id": id, name: full_name, "principal": principal, "privileges": sorted(found)}
        return self.result(remote, inputs)

    def update(
        self, call: Call, id: str, old: Properties, outputs: Properties, new: Properties
    ) -> Properties:
        return self._set(call, id, new)

    def delete(self, call: Call, id: str, inputs: Properties, outputs: Properties) -> None:
        self._change(call, id, set())

    def _set(self, call: Call, id: str, inputs: Properties) -> Properties:
        self._change(call, id, {grants_api.privilege(text) for text in inputs["privileges"]})
        return self.outputs({"id": id}, inputs)

    def _change(self, call: Call, id: str, wanted: set[str]) -> None:
        name, full_name, principal = grants_api.split_id(id)
        found = grants_api.read(call, name, full_name) or {}
        now = {principal: found.get(principal, set())}
        grants_api.change(call, name, full_name, now, {principal: wanted})


RESOURCE = Grant()
