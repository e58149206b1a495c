"""The prompt: statements of several lines, with a history that lasts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from databricks_alerts.cli.sql.statements import is_finished

_COMMANDS = ("exit", "quit")


def read_statements(history: Path, stack: str) -> Iterator[str]:
    """What is typed, a text of one or more statements at a time, until Ctrl-D or `exit`.

    Ctrl-C gives up what is being typed. `history` is readable for its owner only.
    """
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.key_binding import KeyBindings

    history.parent.mkdir(parents=True, exist_ok=True)
    history.touch(mode=0o600)
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: object) -> None:
        buffer = event.current_buffer  # type: ignore[attr-defined]
        text = buffer.text.strip()
        if not text or text.lower() in _COMMANDS or is_finished(text):
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(history)), key_bindings=keys, multiline=True
    )
    while True:
        try:
            text = session.prompt(f"{stack}> ").strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text.lower() in _COMMANDS:
            return
        if text:
            yield text
