"""The project's own files: Pulumi.yaml and Pulumi.<stack>.yaml."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.values import Secret


@dataclass(frozen=True, slots=True)
class Project:
    """Pulumi.yaml: what the engine needs of it. `program` is the directory of `__main__.py`."""

    name: str
    directory: Path
    program: Path
    stack_config_dir: Path
    virtualenv: str = ""
    backend_url: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)

    def settings_file(self, stack: str) -> Path:
        """Where a stack's settings are."""
        return self.stack_config_dir / f"Pulumi.{stack}.yaml"


@dataclass(frozen=True, slots=True)
class StackSettings:
    """Pulumi.<stack>.yaml. `config` maps full keys (`ns:key`) to text, numbers or `{secure: …}`."""

    path: Path
    config: Mapping[str, Any] = field(default_factory=dict)
    encryption_salt: str = ""

    @property
    def has_secrets(self) -> bool:
        """Whether any setting is encrypted."""
        return any(_has_secure(value) for value in self.config.values())


def load(directory: Path) -> Project:
    """Read Pulumi.yaml. Raises ProjectError."""
    path = directory / "Pulumi.yaml"
    document = _read(path)
    if document is None:
        raise ProjectError(f"there is no Pulumi.yaml in {directory}: run this in the project")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise ProjectError(f"{path}: `name` is missing")
    runtime, options = _runtime(path, document)
    if runtime != "python":
        raise ProjectError(
            f"{path}: runtime is {runtime!r}; the embedded engine runs Python programs, the pulumi "
            "CLI runs the others"
        )
    root = directory.resolve()
    return Project(
        name=name,
        directory=root,
        program=(root / document.get("main", ".")).resolve(),
        stack_config_dir=root / document.get("stackConfigDir", document.get("config_dir", ".")),
        virtualenv=str(options.get("virtualenv", "")),
        backend_url=str((document.get("backend") or {}).get("url", "")),
        config=_project_config(name, document.get("config")),
    )


def stacks_in(folder: Path) -> list[str]:
    """The names of the stacks whose settings files stand in a folder, sorted."""
    files = folder.glob("Pulumi.*.yaml")
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in files)


def load_settings(project: Project, stack: str) -> StackSettings:
    """Read a stack's settings; a missing file is an empty one. Raises ProjectError."""
    path = project.settings_file(stack)
    document = _read(path) or {}
    config = document.get("config") or {}
    if not isinstance(config, dict):
        raise ProjectError(f"{path}: `config` must map keys to values")
    full = {_full_key(project.name, str(key)): value for key, value in config.items()}
    return StackSettings(path, {**project.config, **full}, str(document.get("encryptionsalt", "")))


def write_salt(settings: StackSettings, salt: str) -> None:
    """Put `encryptionsalt` into a stack's settings, leaving everything else as it is written."""
    with _rewritten(settings.path, "") as document:
        document["encryptionsalt"] = salt


def write_configuration(path: Path, values: Mapping[str, Any], heading: str) -> None:
    """Put configuration by full key into a stack's settings, comments and all else left alone.

    None takes a key out. A file that is not there begins with `heading`, a comment. Raises
    ProjectError.
    """
    with _rewritten(path, heading) as document:
        if document.get("config") is None:
            document["config"] = {}
        for key, value in values.items():
            if value is None:
                document["config"].pop(key, None)
            else:
                document["config"][key] = value


@contextmanager
def _rewritten(path: Path, heading: str) -> Iterator[Any]:
    """The document of a file, to be changed; written whole, or not at all."""
    yaml = _round_trip()
    document = _read(path, yaml)
    begins = heading if not path.is_file() else ""
    document = {} if document is None else document
    yield document
    text = io.StringIO()
    yaml.dump(document, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(begins + text.getvalue(), encoding="utf-8")


def resolve(settings: StackSettings, decrypt: Callable[[str], str]) -> dict[str, Any]:
    """The settings as text by full key; those that hold anything encrypted are `Secret`."""
    return {key: _resolve(value, decrypt) for key, value in settings.config.items()}


def _resolve(value: Any, decrypt: Callable[[str], str]) -> Any:
    plain = _open(value, decrypt)
    text = plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"))
    return Secret(text) if _has_secure(value) else text


def _open(value: Any, decrypt: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"secure"}:
            return decrypt(str(value["secure"]))
        return {str(key): _open(item, decrypt) for key, item in value.items()}
    if isinstance(value, list):
        return [_open(item, decrypt) for item in value]
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    return str(value)


def _has_secure(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_has_secure(item) for item in value.values())
    return isinstance(value, list) and any(_has_secure(item) for item in value)


def _full_key(project: str, key: str) -> str:
    """Keys without a namespace are the project's; `ns:config:key` is the old spelling."""
    if ":" not in key:
        return f"{project}:{key}"
    namespace, _, name = key.partition(":")
    return f"{namespace}:{name.removeprefix('config:')}"


def _project_config(name: str, config: Any) -> dict[str, Any]:
    """Values that Pulumi.yaml gives to every stack: `key: {value: …}` or `key: {default: …}`."""
    found = {}
    for key, entry in (config or {}).items():
        value = entry
        if isinstance(entry, dict):
            if "value" not in entry and "default" not in entry:
                continue
            value = entry.get("value", entry.get("default"))
        found[_full_key(name, str(key))] = value
    return found


def _runtime(path: Path, document: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    runtime = document.get("runtime")
    if isinstance(runtime, dict):
        return str(runtime.get("name", "")), runtime.get("options") or {}
    if not isinstance(runtime, str):
        raise ProjectError(f"{path}: `runtime` is missing")
    return runtime, {}


def _round_trip() -> YAML:
    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    yaml.width = 4096
    return yaml


def _read(path: Path, yaml: YAML | None = None) -> Any:
    """The mapping in a YAML file; None when there is no file, or nothing in it."""
    if not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8") as file:
            document = (yaml or YAML(typ="safe", pure=True)).load(file)
    except (YAMLError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is not valid YAML: {error}") from error
    if document is not None and not isinstance(document, dict):
        raise ProjectError(f"{path} must be a mapping of keys to values")
    return document
