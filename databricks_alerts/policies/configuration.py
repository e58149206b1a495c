"""Which policies hold for a stack: the built-in ones, changed by policies.yaml.

`stacks/policies.yaml` holds for all stacks, `stacks/policies.<stack>.yaml` over it for one:

    policies:
      no-select-star: mandatory
      schedule-interval: {level: advisory, minutes: 5}
    functions: [policies/ours.py]      # beside the file; every Policy in it takes part
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.document import Document, Problem, read_document
from databricks_alerts.policies import queries, rules
from databricks_alerts.policies.model import Policy, Setting

BUILT_IN = (*rules.POLICIES, *queries.POLICIES)


def load_policies(
    folder: Path, stack: str, levels: Mapping[str, str] | None = None
) -> list[Policy]:
    """The policies of a stack with their levels and options; `levels` by name go over the files.

    Raises ConfigurationError with file and line for whatever is not known or not legal.
    """
    documents = [
        _read(path)
        for path in (folder / "policies.yaml", folder / f"policies.{stack}.yaml")
        if path.is_file()
    ]
    known = {item.name: item for item in BUILT_IN}
    for document in documents:
        for item in _own(document):
            known[item.name] = item
    wanted = [
        (name, value, str(document.source(["policies", name])))
        for document in documents
        for name, value in (document.data.get("policies") or {}).items()
    ]
    wanted += [(name, level, "--policy") for name, level in (levels or {}).items()]
    for name, value, where in wanted:
        if name not in known:
            raise ConfigurationError(
                f"{where}: there is no policy {name!r}; there are {', '.join(sorted(known))}"
            )
        known[name] = _changed(known[name], value, where)
    return list(known.values())


def _read(path: Path) -> Document:
    document = read_document(path)
    if isinstance(document, Problem):
        raise ConfigurationError(str(document))
    data = {} if document.data is None else document.data
    _require(isinstance(data, dict), f"{path}:1", "must be a mapping with `policies`")
    for key in data:
        _require(
            key in ("policies", "functions"),
            str(document.source([key])),
            f"{key!r} is not known here; known are policies, functions",
        )
    return replace(document, data=data)


def _changed(item: Policy, value: Any, where: str) -> Policy:
    options = value if isinstance(value, Mapping) else {"level": value}
    level = options.get("level", item.level)
    _require(
        level in get_args(Setting), where, f"level {level!r} must be {', '.join(get_args(Setting))}"
    )
    given = {name: option for name, option in options.items() if name != "level"}
    for name, option in given.items():
        _require(
            name in item.options,
            where,
            f"{item.name} has no option {name!r}; it has {_listed(item.options)}",
        )
        kind = float if isinstance(item.options[name], int | float) else type(item.options[name])
        fits = isinstance(option, int | float) if kind is float else isinstance(option, kind)
        _require(fits and not isinstance(option, bool), where, f"{name} {option!r} does not fit")
    return replace(item, level=level, options={**item.options, **given})


def _own(document: Document) -> list[Policy]:
    names = document.data.get("functions") or []
    _require(isinstance(names, Sequence), str(document.source(["functions"])), "must be a list")
    found: list[Policy] = []
    for index, name in enumerate(names):
        where = str(document.source(["functions", index]))
        found += _from_file(document.path.parent / str(name), where)
    return found


def _from_file(path: Path, where: str) -> list[Policy]:
    spec = importlib.util.spec_from_file_location(f"policies_{path.stem}", path)
    _require(path.is_file() and spec is not None, where, f"{path} is no Python file")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a user's code: anything may be wrong with it
        raise ConfigurationError(f"{where}: {path} failed: {error!r}") from error
    found = [item for item in vars(module).values() if isinstance(item, Policy)]
    _require(bool(found), where, f"{path} has no policy; see databricks_alerts.policies.model")
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _require(right: bool, where: str, what: str) -> None:
    if not right:
        raise ConfigurationError(f"{where}: {what}")
