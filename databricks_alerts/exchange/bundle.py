"""`databricks.yml`: alerts as the Databricks CLI's bundles have them, and `.dbalert.json` files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.exchange.model import (
    Exported,
    Foreign,
    Portable,
    Unsaid,
    labels,
    read_text,
)
from databricks_alerts.exchange.yaml_text import shown, yaml_text

FILE = "databricks.yml"
# What the CLI takes for a reference; bundles know no way to write the text itself.
_REFERENCE = re.compile(r"\$\{[A-Za-z][^{}]*\}")
# Of the bundle, not of the alert.
_OF_BUNDLES = ("permissions", "lifecycle", "file_path")
_LINES = {"query_lines": "query_text", "custom_description_lines": "custom_description"}
_SUFFIX = ".dbalert.json"


def write_bundle(name: str, alerts: Sequence[Portable], unsaid: Sequence[Unsaid]) -> Exported:
    """One file; the alerts stand in their rules' order."""
    told = list(unsaid)
    names = labels([item.key for item in alerts])
    declared = CommentedMap()
    for item in alerts:
        found = next((field for field, text in texts("", item.body) if _REFERENCE.search(text)), "")
        if found:
            why = "a bundle takes its ${…} for a reference; the rule is left out"
            told.append(Unsaid(item.key, found, why))
            continue
        label = names[item.key]
        if label != item.key:
            told.append(Unsaid(item.key, "alert_id", f"it is {label} in the bundle"))
        declared[label] = shown(item.body)
        if item.id:
            declared.yaml_set_comment_before_after_key(label, f"alert {item.id}", indent=4)
    document = {"bundle": {"name": name}, "resources": {"alerts": declared}}
    return Exported({FILE: yaml_text(document)}, len(declared), tuple(told))


def read_bundle(path: Path) -> Iterator[Foreign]:
    """The alerts of a bundle's file, and of those that it includes.

    What `databricks bundle validate -o json` prints is read, too. Raises ConfigurationError.
    """
    document = _document(path)
    yield from _declared(path, document)
    patterns = document.get("include") or []
    if not isinstance(patterns, list) or not all(_is_relative(item) for item in patterns):
        raise ConfigurationError(f"{path}: include is no list of patterns below the bundle")
    for pattern in patterns:
        for file in sorted(path.parent.glob(pattern)):
            yield from _declared(file, _document(file))


def read_dbalert(path: Path) -> Iterator[Foreign]:
    """The alert of a `.dbalert.json` file, or those of all such files below a folder.

    Raises ConfigurationError.
    """
    files = sorted(path.rglob(f"*{_SUFFIX}")) if path.is_dir() else [path]
    if not files:
        raise ConfigurationError(f"no file *{_SUFFIX} below {path}: name a folder that has some")
    for file in files:
        name = file.name.removesuffix(_SUFFIX)
        yield Foreign(str(file), name, {"display_name": name, **_definition(file)})


def _is_relative(pattern: Any) -> bool:
    return isinstance(pattern, str) and bool(pattern) and not Path(pattern).is_absolute()


def _declared(path: Path, document: Mapping[str, Any]) -> Iterator[Foreign]:
    resources = document.get("resources")
    found = resources.get("alerts") if isinstance(resources, Mapping) else None
    if found is not None and not isinstance(found, Mapping):
        raise ConfigurationError(f"{path}: resources.alerts is no mapping of keys to alerts")
    for key, alert in (found or {}).items():
        place = f"{path}: resources.alerts.{key}"
        if not isinstance(alert, Mapping):
            yield Foreign(place, str(key), {}, problem="it is no mapping of an alert's fields")
            continue
        body = dict(alert)
        if "file_path" in body and "query_text" not in body:  # else it is put in already
            definition = _definition(path.parent / str(body["file_path"]), ending="\n")
            body = {**definition, **body}
        problem = next(
            (
                f"{field}: {match[0]} is a reference of the bundle; import what `databricks bundle "
                "validate -o json` prints"
                for field, text in texts("", body)
                if (match := _REFERENCE.search(text))
            ),
            "",
        )
        kept = {name: value for name, value in body.items() if name not in _OF_BUNDLES}
        yield Foreign(place, str(key), kept, str(kept.pop("id", "") or ""), problem)


def _definition(path: Path, ending: str = "") -> dict[str, Any]:
    """What a `.dbalert.json` says, its lines joined. Raises ConfigurationError.

    The CLI ends the last line, too, as `ending` says: a bundle's alert has it so.
    """
    try:
        document = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path} is no JSON object of an alert's fields")
    for name, field in _LINES.items():
        lines = document.pop(name, None)
        if lines is None:
            continue
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise ConfigurationError(f"{path}: {name} is no list of lines")
        document[field] = "\n".join(lines) + ending
    return document


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = YAML(typ="safe", pure=True).load(read_text(path))
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"{path} is no bundle: name a file with resources.alerts in it")
    return document


def texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each text of a body with its field."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(f"{path}.{name}" if path else str(name), item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(path, item)
    elif isinstance(value, str):
        yield path, value
