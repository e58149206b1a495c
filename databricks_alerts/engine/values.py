"""Property values as the engine holds them: plain JSON-like Python plus a few marked kinds.

A property value is None, bool, int, float, str, list, dict[str, value], or one of the classes
below. Numbers that arrive as doubles with an integral value are held as int, as Pulumi's state
writes them. Wire and state forms (signatures) live in `wire` and `state.codec`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Properties = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is encrypted at rest and shown as `[secret]`."""

    value: Any

    def __repr__(self) -> str:
        """Never show what is secret, not even in a traceback."""
        return "Secret([secret])"


class _Unknown:
    """A value that a preview cannot know yet; one instance, `UNKNOWN`."""

    _instance: _Unknown | None = None

    def __new__(cls) -> _Unknown:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> _Unknown:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> _Unknown:
        return self


UNKNOWN = _Unknown()


@dataclass(frozen=True, slots=True)
class ResourceReference:
    """A reference to another resource; `id` is None for components, UNKNOWN in previews."""

    urn: str
    id: Any = None
    package_version: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A first-class output: a value with the URNs it depends on."""

    value: Any
    dependencies: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset or archive, kept as its wire fields (text, path, uri, hash, assets)."""

    kind: str
    fields: dict[str, Any] = field(default_factory=dict)


def reveal(value: Any) -> Any:
    """The value with every Secret unwrapped, for providers and comparisons."""
    return map_value(value, lambda leaf: reveal(leaf.value) if isinstance(leaf, Secret) else leaf)


def map_value(value: Any, fn: Callable[[Any], Any]) -> Any:
    """A copy of `value` with `fn` applied to everything that is not a list or dict."""
    if isinstance(value, dict):
        return {key: map_value(item, fn) for key, item in value.items()}
    if isinstance(value, list):
        return [map_value(item, fn) for item in value]
    return fn(value)


def leaves(value: Any) -> Iterator[Any]:
    """Every leaf of `value`, looking inside secrets and outputs."""
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, Secret | Output):
        yield from leaves(value.value)
    else:
        yield value


def has_unknown(value: Any) -> bool:
    """Whether any leaf is UNKNOWN."""
    return any(leaf is UNKNOWN for leaf in leaves(value))
