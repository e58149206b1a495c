"""Property paths as ignoreChanges and replaceOnChanges write them: `a.b[0]["c d"]`, `*`."""

from __future__ import annotations

import re
from typing import Any

from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.values import Properties, Secret, map_value

Path = tuple[str | int, ...]
WILDCARD = "*"
_SEGMENT = re.compile(
    r"""
    \.?(?P<name>[^.\[\]"]+)            # .name, or the first name
    | \[(?P<index>\d+)\]               # [0]
    | \[\*\](?P<each>)                 # [*]
    | \["(?P<quoted>(?:[^"\\]|\\.)*)"\]  # ["any text"]
    """,
    re.VERBOSE,
)


def parse(text: str) -> Path:
    """The segments of a path. Raises ProjectError when it is not one."""
    segments: list[str | int] = []
    position = 0
    while position < len(text):
        match = _SEGMENT.match(text, position)
        if match is None:
            raise ProjectError(f"{text!r} is not a property path: see character {position + 1}")
        segments.append(_segment(match))
        position = match.end()
    return tuple(segments)


def _segment(match: re.Match[str]) -> str | int:
    if match["name"] is not None:
        return match["name"]
    if match["index"] is not None:
        return int(match["index"])
    if match["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", match["quoted"])
    return WILDCARD


def contains(pattern: Path, path: Path) -> bool:
    """Whether `path` is `pattern`'s place, or inside it."""
    return len(pattern) <= len(path) and all(
        expected in (WILDCARD, actual) for expected, actual in zip(pattern, path, strict=False)
    )


def reset(new: Properties, old: Properties, ignored: list[str]) -> tuple[Properties, list[str]]:
    """`new` with the old values at the ignored paths, and the paths where that cannot be done.

    A path cannot be reset when something on the way to it exists on one side only.
    """
    result: Properties = map_value(new, lambda leaf: leaf)
    failed = [text for text in ignored if text and not _reset(parse(text), old, result)]
    return result, failed


def _reset(path: Path, old: Any, new: Any) -> bool:
    head, rest = path[0], path[1:]
    if isinstance(old, dict) and isinstance(new, dict):
        keys = list(dict.fromkeys([*old, *new])) if head == WILDCARD else [str(head)]
        done = [_reset_key(key, rest, old, new) for key in keys]
        return all(done)
    if isinstance(old, list) and isinstance(new, list):
        return _reset_list(head, rest, old, new)
    return False


def _reset_key(key: str, rest: Path, old: dict[str, Any], new: dict[str, Any]) -> bool:
    if rest:
        if key not in old or key not in new:
            return key not in old and key not in new
        return _descend(rest, old, new, key)
    if key in old:
        new[key] = old[key]
    else:
        new.pop(key, None)
    return True


def _reset_list(head: str | int, rest: Path, old: list[Any], new: list[Any]) -> bool:
    if head == WILDCARD:
        if not rest:
            new[:] = old
            return True
        if len(old) != len(new):
            return False
        done = [_descend(rest, old, new, index) for index in range(len(old))]
        return all(done)
    if not isinstance(head, int) or head >= len(old) or head >= len(new):
        return False
    if rest:
        return _descend(rest, old, new, head)
    new[head] = old[head]
    return True


def _descend(rest: Path, old: Any, new: Any, key: Any) -> bool:
    """Reset inside `new[key]`, looking through a Secret, which stays one."""
    inner_old = old[key].value if isinstance(old[key], Secret) else old[key]
    if not isinstance(new[key], Secret):
        return _reset(rest, inner_old, new[key])
    inner_new = map_value(new[key].value, lambda leaf: leaf)
    done = _reset(rest, inner_old, inner_new)
    new[key] = Secret(inner_new)
    return done
