"""Which uploads are notebooks: source files whose first line says so. They lose their ending."""

from __future__ import annotations

from databricks_alerts.local_workspace.errors import invalid
from databricks_alerts.local_workspace.files.models import Upload

_LANGUAGES = {".py": "PYTHON", ".sql": "SQL", ".scala": "SCALA", ".r": "R"}
_COMMENTS = {"PYTHON": "#", "SQL": "--", "SCALA": "//", "R": "#"}


def recognized(path: str, content: bytes) -> Upload:
    """A file or a notebook at a normal path, by its ending and first line."""
    stem, dot, ending = path.rpartition(".")
    language = _LANGUAGES.get(f"{dot}{ending}".lower(), "")
    if language and not stem.endswith("/") and content.startswith(_first_line(language)):
        return Upload(stem, content, language)
    return Upload(path, content)


def notebook(path: str, content: bytes, language: str) -> Upload:
    """A notebook in a language that the client names. Raises ApiError for one that is none."""
    if language not in _COMMENTS:
        raise invalid(f"language must be one of {', '.join(_COMMENTS)}, not {language[:40]!r}.")
    return Upload(path, content, language)


def _first_line(language: str) -> bytes:
    return f"{_COMMENTS[language]} Databricks notebook source".encode()
