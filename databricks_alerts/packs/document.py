"""A YAML file as plain data that still knows where everything stands.

Read strictly: a key given twice, a tag or more than one document is an error. Dates and times stay
text, so that what a test's row says reaches the test unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode

from databricks_alerts.packs.model import Source

Key = str | int


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a pack: where, and what to do about it."""

    source: Source
    message: str

    def __str__(self) -> str:
        return f"{self.source}: {self.message}"


def told(problems: Iterable[Problem]) -> str:
    """A line a problem, each once, in the order of the files."""
    ordered = sorted(problems, key=lambda p: (p.source.path, p.source.line, p.source.column))
    return "\n".join(map(str, dict.fromkeys(ordered)))


@dataclass(frozen=True)
class Document:
    """`data` is made of dict, list and scalars only."""

    path: Path
    data: Any
    _tree: Any

    def source(self, location: Sequence[Key]) -> Source:
        """Where the value at `location` stands, or what is nearest around it."""
        node, line, column = self._tree, 0, 0
        for key in location:
            if isinstance(node, CommentedMap) and key in node:
                line, column = node.lc.key(key)
            elif isinstance(node, CommentedSeq) and isinstance(key, int) and key < len(node):
                line, column = node.lc.item(key)
            else:
                break
            node = node[key]
        return Source(self.path, line + 1, column + 1)


class _TextTimestamps(RoundTripConstructor):
    """Leaves what looks like a date as the text it is."""


def _as_text(constructor: RoundTripConstructor, node: ScalarNode) -> str:
    return str(constructor.construct_scalar(node))


_TextTimestamps.add_constructor("tag:yaml.org,2002:timestamp", _as_text)


def read_document(path: Path) -> Document | Problem:
    """The file's one document, or why there is none."""
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _TextTimestamps
    try:
        tree = yaml.load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Source(path, mark.line + 1, mark.column + 1) if mark else Source(path, 1, 1)
        text = " ".join(part for part in (error.context, error.problem) if part)
        return Problem(place, f"not legal YAML: {text.splitlines()[0]}")
    except (YAMLError, ValueError, TypeError, LookupError, NotImplementedError) as error:
        # ruamel lets Python's own errors through for `!!int x`, or for `1e` in YAML 1.1
        return Problem(Source(path, 1, 1), f"not legal YAML: {str(error).splitlines()[0]}")
    except RecursionError:
        return Problem(Source(path, 1, 1), "not legal YAML: nested too deeply")
    except OSError as error:
        return Problem(Source(path, 1, 1), f"cannot be read: {error.strerror}")
    if not isinstance(tree, CommentedMap):
        return Problem(Source(path, 1, 1), "a mapping is expected at the top of the file")
    return Document(path, _plain(tree), tree)


def _plain(node: Any) -> Any:
    match node:
        case CommentedMap():
            return {str(key): _plain(value) for key, value in node.items()}
        case CommentedSeq():
            return [_plain(item) for item in node]
        case bool() | None:
            return node
        case int():
            return int(node)
        case float():
            return float(node)
        case _:
            return str(node)
