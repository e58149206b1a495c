"""What two engines did, without what must differ: times, ids, folders."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from parity_engines import PASSPHRASE, STACK, Run

from databricks_alerts.engine import project as projects
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.events import ResourceFailedEvent, ResourceOutputsEvent, StepMetadata
from databricks_alerts.engine.state.backend import open_backend
from databricks_alerts.engine.state.stack import StackStore

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def steps_of(run: Run) -> list[str]:
    """The steps of an operation, one line each: kind, resource, what differs."""
    return sorted(_line(step, failed) for step, failed in _steps(run))


def _steps(run: Run) -> Iterable[tuple[StepMetadata, bool]]:
    for event in run.events:
        match event.payload:
            case ResourceOutputsEvent(metadata):
                yield metadata, False
            case ResourceFailedEvent(metadata):
                yield metadata, True


def _line(step: StepMetadata, failed: bool) -> str:
    name = urns.name_of(step.urn)
    paths = sorted(
        f"{path}:{difference.kind}" for path, difference in (step.detailed_diff or {}).items()
    )
    words = [step.op, f"{step.type}::{name}", *paths, *(f"replaces:{key}" for key in step.keys)]
    return " ".join([*words, "FAILED"] if failed else words)


def store_of(folder: Path) -> StackStore:
    """The stack's state."""
    project = projects.load(folder)
    settings = projects.load_settings(project, STACK)
    backend = open_backend(project.backend_url, folder, {})
    return backend.stack(project.name, STACK, passphrase=PASSPHRASE, salt=settings.encryption_salt)


def state_of(folder: Path) -> Any:
    """The deployment, secrets opened, with names in the place of ids, times and folders."""
    deployment = store_of(folder).export(show_secrets=True)["deployment"]
    ids = {
        str(item["id"]): f"<id of {urns.name_of(item['urn'])}>"
        for item in deployment.get("resources") or []
        if item.get("id")
    }
    text = json.dumps(deployment, sort_keys=True)
    for value, name in ids.items():
        text = text.replace(value, name)
    text = text.replace(str(folder), "<folder>")
    text = re.sub(r"/Shared/(parity|gold)_\w+", "/Shared/<home>", text)
    text = re.sub(r"gold_[0-9a-f]{8}", "<schema>", text)
    # Of what users wrote, times of creation among it.
    text = re.sub(r'(Digest": ")[0-9a-f]{64}', r"\1<digest>", text)
    normal = json.loads(_UUID.sub("<uuid>", _TIME.sub("<time>", text)))
    normal.pop("manifest", None)
    normal.pop("secrets_providers", None)
    resources = normal.get("resources") or []
    normal["resources"] = sorted((_plain(item) for item in resources), key=_key)
    return normal


def _key(resource: Mapping[str, Any]) -> tuple[str, bool, str]:
    return resource["urn"], resource.get("delete", False), json.dumps(resource, sort_keys=True)


def _plain(resource: dict[str, Any]) -> dict[str, Any]:
    for name in ("dependencies", "aliases"):
        if resource.get(name):
            resource[name] = sorted(resource[name])
    for name, listed in (resource.get("propertyDependencies") or {}).items():
        resource["propertyDependencies"][name] = sorted(listed or [])
    return resource


def shape_of(document: Any, path: str = "") -> set[str]:
    """Every path of a JSON document with the type that stands there."""
    if isinstance(document, Mapping):
        inside = (shape_of(value, f"{path}.{key}") for key, value in document.items())
        return set().union(*inside) or {f"{path}: {{}}"}
    if isinstance(document, list):
        return set().union(*(shape_of(value, f"{path}[]") for value in document)) or {f"{path}: []"}
    number = "number" if type(document) in (int, float) else type(document).__name__
    return {f"{path}: {number}"}
