"""Terraform: `alerts.tf.json` to be written; such files and states, in both forms, to be read.

Terraform reads JSON as it reads HCL. A machine writes JSON without a doubt about quotes, and what
it wrote can be read again without a parser of HCL.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from databricks_alerts.destinations.targets import KINDS, REFERENCE, configuration
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.exchange.bundle import texts
from databricks_alerts.exchange.model import (
    Exported,
    Foreign,
    Portable,
    Unsaid,
    labels,
    read_text,
)
from databricks_alerts.rules.rows import Destination

FILE = "alerts.tf.json"
ALERT, DESTINATION = "databricks_alert_v2", "databricks_notification_destination"
_OLDER = ("databricks_alert", "databricks_sql_alert")
_TEMPLATE = re.compile(r"[$%]\{")
_ESCAPED = re.compile(r"([$%])\1\{|[$%]\{")  # with the sign twice it stands for itself
_UNCLEAR = re.compile(r"([$%])\1\{")  # what HCL makes of three signs, nobody says
_ID_OF = re.compile(rf"\$\{{{DESTINATION}\.([\w-]+)\.id\}}")
_OF_PROVIDER = ("provider_config", "purge_on_delete")


def write_terraform(
    alerts: Sequence[Portable], destinations: Sequence[Destination], unsaid: Sequence[Unsaid]
) -> Exported:
    """One file: variables for secrets, destinations, alerts, and `import` blocks by id."""
    told, imports = list(unsaid), []
    variables: dict[str, Any] = {}
    made: dict[str, Any] = {}
    names = labels([item.destination_id for item in destinations])
    for destination in destinations:
        label = names[destination.destination_id]
        made[label] = _destination(destination, label, variables)
        if destination.databricks_destination_id:
            imports.append(_import(DESTINATION, label, destination.databricks_destination_id))
        for secret in (name for name in variables if name.startswith(f"{label}_")):
            why = f"its secret is variable {secret} in Terraform, to be set there"
            told.append(Unsaid(destination.destination_id, "config_json", why))
    declared: dict[str, Any] = {}
    alert_names = labels([item.key for item in alerts])
    for item in alerts:
        unclear = next((field for field, text in texts("", item.body) if _UNCLEAR.search(text)), "")
        if unclear:
            why = "Terraform cannot say $ or % twice before {; the rule is left out"
            told.append(Unsaid(item.key, unclear, why))
            continue
        label = alert_names[item.key]
        if label != item.key:
            told.append(Unsaid(item.key, "alert_id", f"it is {label} in Terraform"))
        declared[label] = _escaped(item.body)
        if item.id:
            imports.append(_import(ALERT, label, item.id))
    resources = {DESTINATION: made, ALERT: declared}
    document: dict[str, Any] = {
        "terraform": {"required_providers": {"databricks": {"source": "databricks/databricks"}}},
        "variable": variables,
        "resource": {kind: found for kind, found in resources.items() if found},
        "import": imports,
    }
    kept = {name: value for name, value in document.items() if value}
    text = json.dumps(kept, indent=2, ensure_ascii=False) + "\n"
    return Exported({FILE: text}, len(declared), tuple(told))


def reference(label: str) -> str:
    """A destination's id, as an alert of the same file names it."""
    return f"${{{DESTINATION}.{label}.id}}"


def read_terraform(path: Path) -> Iterator[Foreign]:
    """The alerts of a state (`terraform show -json`, `terraform.tfstate`) or of a `.tf.json`.

    Raises ConfigurationError.
    """
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        hint = "; write one with `terraform show -json`" if path.suffix == ".tf" else ""
        raise ConfigurationError(f"{path} is not JSON: {error}{hint}") from error
    if isinstance(document, dict) and "values" in document:
        found = _of_modules(document["values"].get("root_module") or {})
    elif isinstance(document, dict) and isinstance(document.get("resources"), list):
        found = _of_instances(document["resources"])
    elif isinstance(document, dict) and isinstance(document.get("resource"), dict):
        yield from _of_configuration(path, document)
        return
    else:
        raise ConfigurationError(
            f"{path} is no state of Terraform and no .tf.json with resources: name what "
            "`terraform show -json` prints"
        )
    for kind, address, values in found:
        # The name, with an index of count or for_each behind it.
        key = re.sub(r"[^\w-]+", "_", address.rpartition(f"{kind}.")[2]).strip("_")
        place = f"{path}: {address}"
        if kind in _OLDER:
            problem = "it is a legacy alert, whose query stands elsewhere; migrate it to " + ALERT
            yield Foreign(place, key, {}, problem=problem)
        elif kind == ALERT:
            yield Foreign(place, key, _body(values), str(values.get("id") or ""))


def _destination(row: Destination, label: str, variables: dict[str, Any]) -> dict[str, Any]:
    values, _ = configuration(row)
    block: dict[str, Any] = {}
    for key, value in values.items():
        if key != "addresses" or any(REFERENCE.search(text) for text in value):
            name = f"{label}_{key}"
            kind = "list(string)" if key == "addresses" else "string"
            variables[name] = {"type": kind, "sensitive": key != "addresses"}
            block[key] = f"${{var.{name}}}"
        else:
            block[key] = list(value)
    kind = KINDS[row.destination_type].block
    return {"display_name": _literal(row.destination_name), "config": {kind: block}}


def _import(kind: str, label: str, identity: str) -> dict[str, str]:
    return {"to": f"{kind}.{label}", "id": identity}


def _escaped(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {name: _escaped(item, name) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escaped(item) for item in value]
    if isinstance(value, str) and name != "destination_id":  # that one is a reference
        return _literal(value)
    return value


def _literal(text: str) -> str:
    return _TEMPLATE.sub(lambda found: found[0][0] + found[0], text)


def _of_modules(module: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for item in module.get("resources") or ():
        if item.get("mode") == "managed":
            yield item["type"], item["address"], item.get("values") or {}
    for child in module.get("child_modules") or ():
        yield from _of_modules(child)


def _of_instances(
    resources: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for item in resources:
        if item.get("mode") != "managed":
            continue
        for instance in item.get("instances") or ():
            place = f"{item['type']}.{item['name']}"
            index = instance.get("index_key")
            address = place if index is None else f"{place}[{json.dumps(index)}]"
            yield item["type"], address, instance.get("attributes") or {}


def _of_configuration(path: Path, document: Mapping[str, Any]) -> Iterator[Foreign]:
    blocks = document.get("import") or ()
    ids = {item.get("to"): str(item.get("id")) for item in blocks if isinstance(item, dict)}
    alerts = document["resource"].get(ALERT) or {}
    for label, body in alerts.items():
        place = f"{path}: {ALERT}.{label}"
        try:
            read = _unescaped("", body, ids)
        except ValueError as error:
            yield Foreign(place, label, {}, problem=str(error))
            continue
        yield Foreign(place, label, _body(read), ids.get(f"{ALERT}.{label}", ""))


def _unescaped(path: str, value: Any, ids: Mapping[Any, str]) -> Any:
    """The values that literals and ids of destinations stand for. Raises ValueError."""
    if isinstance(value, Mapping):
        return {
            name: _unescaped(f"{path}.{name}" if path else name, item, ids)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_unescaped(path, item, ids) for item in value]
    if not isinstance(value, str):
        return value
    found = _ID_OF.fullmatch(value)
    if found:
        address = f"{DESTINATION}.{found[1]}"
        if address not in ids:
            raise ValueError(f"{path}: {address} has no import block with its id; add one")
        return ids[address]
    if any(not match[1] for match in _ESCAPED.finditer(value)):
        raise ValueError(f"{path}: it refers to something else; import the state instead")
    return _ESCAPED.sub(lambda match: match[0][1:], value)


def _body(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _OF_PROVIDER}
