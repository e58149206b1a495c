"""Which commit a project is at, as the pulumi CLI notes it in a stack's history."""

from __future__ import annotations

import subprocess
from pathlib import Path

_FIELDS = {
    "git.head": "%H",
    "git.author": "%an",
    "git.author.email": "%ae",
    "git.committer": "%cn",
    "git.committer.email": "%ce",
    "git.message": "%s",
}
_SECONDS = 5


def describe(directory: Path) -> dict[str, str]:
    """`git.*` facts of the folder's last commit; none where there is no repository or no git."""
    form = "%x00".join(_FIELDS.values())
    told = _git(directory, "log", "-1", f"--format={form}").split("\0")
    if len(told) != len(_FIELDS):
        return {}
    branch = _git(directory, "symbolic-ref", "--quiet", "HEAD")
    return dict(zip(_FIELDS, told, strict=True)) | ({"git.headName": branch} if branch else {})


def _git(directory: Path, *arguments: str) -> str:
    try:
        answer = subprocess.run(
            ["git", "-C", str(directory), *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            errors="replace",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):  # no git: there is nothing to note
        return ""
    return answer.stdout.strip()
