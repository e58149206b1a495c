"""What passes between a stack and another tool's files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks_alerts.errors import ConfigurationError

_NO_KEY = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True)
class Unsaid:
    """What a format cannot say: of which rule or destination, which field, and why."""

    key: str
    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.key}: {self.field}: {self.why}"


@dataclass(frozen=True)
class Exported:
    """Files by name, how many rules they hold, and what they do not say."""

    files: Mapping[str, str]
    rules: int
    unsaid: tuple[Unsaid, ...]


@dataclass(frozen=True)
class Portable:
    """A rule's alert in the API's words, under the rule's key; `id` is empty before deployment."""

    key: str
    id: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Foreign:
    """An alert that a file declares: where, under which key, and what the API would be told.

    `id` is empty where the file does not know it. `problem` says why it cannot be read.
    """

    place: str
    key: str
    body: Mapping[str, Any]
    id: str = ""
    problem: str = ""


def labels(keys: list[str]) -> dict[str, str]:
    """For each key a label that YAML keys of bundles and Terraform's names may be, each once."""
    found: dict[str, str] = {}
    for key in keys:
        plain = _NO_KEY.sub("_", key)
        label = plain if plain[:1].isalpha() or plain.startswith("_") else f"_{plain}"
        number = 2
        while label in found.values():
            label, number = f"{plain}_{number}", number + 1
        found[key] = label
    return found


def read_text(path: Path) -> str:
    """A file's text. Raises ConfigurationError that says why there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is no text in UTF-8 ({error.reason})") from error
