"""Making the folder of a rule that names one of its own: Databricks takes no alert without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pulumi

# Makes a workspace folder and those above it, unless it is there.
MakeFolder = Callable[[str], None]


class Folders:
    """Hooks that make folders before the first alert in them, one hook a folder.

    `there` are the folders in which alerts stand already: these need no look.
    """

    def __init__(self, make: MakeFolder, there: set[str]) -> None:
        self._make, self._there = make, there
        self._hooks: dict[str, pulumi.ResourceHook] = {}

    def hook(self, path: str) -> pulumi.ResourceHook | None:
        """The hook of an alert that is to stand at `path`; None where the folder is there."""
        if path in self._there:
            return None
        if path not in self._hooks:
            self._hooks[path] = pulumi.ResourceHook(f"alerts-folder-{path}", self._maker(path))
        return self._hooks[path]

    def _maker(self, path: str) -> pulumi.ResourceHookFunction:
        async def make(_: pulumi.ResourceHookArgs) -> None:
            await asyncio.to_thread(self._make, path)

        return make
