"""YAML that people read: lines as lines, and no text that a reader takes for something else."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, LiteralScalarString

# Words that some reader of YAML takes for a truth value or for nothing.
_NO_TEXTS = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n", "null"})


def yaml_text(document: Any) -> str:
    """A document of `shown` values and of ruamel's own, such as mappings with comments."""
    yaml, out = YAML(typ="rt", pure=True), io.StringIO()
    yaml.default_flow_style = False
    yaml.width = 10**6
    yaml.dump(document, out)
    return out.getvalue()


def shown(value: Any) -> Any:
    """A value with all texts in it, keys too, as YAML shows them best."""
    if isinstance(value, Mapping):
        return {shown(key): shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [shown(item) for item in value]
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> Any:
    """Lines as lines, where YAML keeps them as they are."""
    lines = text.split("\n")
    plain = all(line.isprintable() and line == line.rstrip() for line in lines)
    if len(lines) > 1 and plain and text[0] not in " \n" and text.strip("\n"):
        return LiteralScalarString(text)
    word = re.fullmatch(r"[A-Za-z][A-Za-z_]*", text) and text.lower() not in _NO_TEXTS
    return text if word else DoubleQuotedScalarString(text)
