"""`{{ var.NAME }}` in a pack: what it stands for, and how it gets into a query or a text.

The prefix `var.` keeps the notation apart from `${catalog}` (put in at deployment), from
`{{ALERT_NAME}}` (put in by Databricks) and from `{{secrets/scope/key}}`. In a query a variable is
an SQL literal, quotes included; inside quotes or a comment it would be something else, and is
refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.authored import Variable
from databricks_alerts.sql.literals import Value, literal

_REFERENCE = re.compile(r"\{\{\s*var\.([A-Za-z0-9_]+)\s*\}\}")
_WORKSPACE_HOST = re.compile(r"\{\{\s*workspace\.host\s*\}\}")
_QUOTED = re.compile(
    r"""(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|`[^`]*`|--[^\n]*|/\*.*?\*/)""", re.DOTALL
)
_TYPES: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
}


def resolve(
    declared: Mapping[str, Variable],
    overrides: Mapping[str, Value],
    *,
    local_host: str | None = None,
) -> dict[str, Value]:
    """Every variable's value: the override, else in the local workspace `local`, else `default`.

    `local_host` is the local workspace's URL, None for a real workspace. Raises ConfigurationError
    naming every unknown variable and illegal value.
    """
    problems = [
        f"variable {name} is unknown; the pack has: {', '.join(sorted(declared)) or 'none'}"
        for name in sorted(overrides.keys() - declared.keys())
    ]
    values: dict[str, Value] = {}
    for name, variable in declared.items():
        values[name] = overrides.get(name, _default(variable, local_host))
        problems += [f"variable {name}: {text}" for text in check(variable, values[name])]
    if problems:
        raise ConfigurationError("\n".join(problems))
    return values


def _default(variable: Variable, local_host: str | None) -> Value:
    if local_host is None or variable.local is None:
        return variable.default
    if isinstance(variable.local, str):
        return _WORKSPACE_HOST.sub(lambda _: local_host.rstrip("/"), variable.local)
    return variable.local


def check(variable: Variable, value: Value) -> list[str]:
    """What is wrong with the value; empty if nothing is."""
    is_bool = isinstance(value, bool)
    if not isinstance(value, _TYPES[variable.type]) or is_bool != (variable.type == "boolean"):
        return [f"{value!r} is not a {variable.type}"]
    problems = []
    if isinstance(value, float) and not math.isfinite(value):
        problems.append(f"{value!r} is not a finite number")
    if isinstance(value, int | float) and not is_bool:
        if variable.minimum is not None and value < variable.minimum:
            problems.append(f"{value!r} is below the minimum {variable.minimum:g}")
        if variable.maximum is not None and value > variable.maximum:
            problems.append(f"{value!r} is above the maximum {variable.maximum:g}")
    if variable.allowed is not None and value not in variable.allowed:
        problems.append(f"{value!r} is not one of {', '.join(map(str, variable.allowed))}")
    return problems


def parse(variable: Variable, text: str) -> Value:
    """A value from the command line (`--var name=text`), by the variable's type.

    Raises ValueError if the text is no such thing.
    """
    match variable.type:
        case "boolean":
            if text.lower() not in {"true", "false"}:
                raise ValueError(f"{text!r} is not true or false")
            return text.lower() == "true"
        case "number":
            return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
        case _:
            return text


def references(text: str) -> Iterator[str]:
    """Names of the variables that the text refers to."""
    return (match.group(1) for match in _REFERENCE.finditer(text))


def quoted_references(query: str) -> Iterator[str]:
    """Names of the variables that stand inside quotes or a comment of a query, where none may."""
    for part in _QUOTED.finditer(query):
        yield from references(part.group("quoted"))


def render_query(query: str, values: Mapping[str, Value]) -> str:
    """The query with its variables as SQL literals. Raises KeyError for an unknown one."""
    return _REFERENCE.sub(lambda match: literal(values[match.group(1)]), query)


def render_text(text: str, values: Mapping[str, Value]) -> str:
    """The text with its variables as plain text. Raises KeyError for an unknown one."""
    return _REFERENCE.sub(lambda match: str(values[match.group(1)]), text)
