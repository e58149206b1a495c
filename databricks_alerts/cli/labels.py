"""Labels of the change that a CI run is about, as each CI system tells them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path


def labels_of(given: Iterable[str], environment: Mapping[str, str]) -> frozenset[str]:
    """Labels given on the command line, and those of the merge or pull request.

    GitLab: CI_MERGE_REQUEST_LABELS, separated by commas. GitHub: the event's file.
    """
    found = {label.strip() for label in given}
    found |= {label.strip() for label in environment.get("CI_MERGE_REQUEST_LABELS", "").split(",")}
    event = environment.get("GITHUB_EVENT_PATH")
    if event:
        found |= _of_github(Path(event))
    return frozenset(found - {""})


def _of_github(path: Path) -> set[str]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        request = document.get("pull_request") or {}
        return {str(label["name"]) for label in request.get("labels", [])}
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return set()  # no event of a pull request: it has no labels
