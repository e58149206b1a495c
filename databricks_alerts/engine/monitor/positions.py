"""Where in the program a resource was declared, as states write it: `project:///main.py#12,3`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlparse


def position(raw: Any, project_root: Path) -> str:
    """A SourcePosition message relative to the project; empty when it cannot be said."""
    url = urlparse(raw.uri)
    if url.scheme != "file" or not url.path.startswith("/"):
        return ""
    relative = os.path.relpath(unquote(url.path), project_root)
    column = f",{raw.column}" if raw.column else ""
    return f"project:///{quote(relative)}#{raw.line}{column}"


def stack_trace(raw: Any, project_root: Path) -> list[dict[str, str]]:
    """A StackTrace message as the state's frames: the project's own, not the SDK's below them."""
    frames = [position(frame.pc, project_root) for frame in raw.frames]
    return [{"sourcePosition": text} for text in frames if text and not _is_foreign(text)]


def _is_foreign(text: str) -> bool:
    return text.startswith("project:///../") or "/site-packages/" in text
