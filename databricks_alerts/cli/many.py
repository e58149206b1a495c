"""Whether a command line is about several stacks: `--all-stacks`, or `-s` more than once."""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.cli.project import find_project
from databricks_alerts.cli.stacks import all_stacks
from databricks_alerts.errors import ConfigurationError

_COMMANDS = ("preview", "up", "gate", "validate", "status", "doctor")
_NAMES = ("-s", "--stack")


def many(arguments: Sequence[str]) -> tuple[list[str], list[str]] | None:
    """The stacks and the command line without them; None for one stack or none named.

    Raises ConfigurationError for a command that takes one stack only.
    """
    stacks, rest, every = _split(arguments)
    if not every and len(stacks) < 2:
        return None
    command = next((word for word in rest if not word.startswith("-")), "")
    if command not in _COMMANDS:
        raise ConfigurationError(
            f"several stacks at once: {', '.join(_COMMANDS)} can do that, not {command or 'this'}"
        )
    if every and stacks:
        raise ConfigurationError("--all-stacks and --stack exclude each other")
    if command == "up" and not {"--yes", "-y"} & set(rest):
        raise ConfigurationError("up of several stacks asks nothing: pass --yes")
    return (all_stacks(find_project()) if every else list(dict.fromkeys(stacks))), rest


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str], bool]:
    stacks: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if word in _NAMES:
            stacks += [text for text in (next(words, None),) if text is not None]
        elif equals and name in _NAMES:
            stacks.append(value)
        elif word != "--all-stacks":
            rest.append(word)
    return stacks, rest, "--all-stacks" in arguments
