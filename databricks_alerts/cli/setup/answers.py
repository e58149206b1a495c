"""Answers: by a flag, or asked for on a terminal. Both go through the same checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields

from rich.console import Console
from rich.prompt import InvalidResponse, PromptBase

from databricks_alerts.cli import console
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.listing import nearest, some
from databricks_alerts.workspace_view.offers import Offer

_SHOWN = 30


@dataclass(frozen=True)
class Given:
    """What flags said; empty for nothing."""

    host: str = ""
    profile: str = ""
    warehouse: str = ""
    catalog: str = ""
    schema: str = ""
    folder: str = ""
    channels: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) for item in fields(self))


@dataclass(frozen=True)
class Question:
    """One thing to know.

    `offers` are what may be chosen; `check` reads an answer (a name, an id, what is free to type)
    and raises ValueError, which says what is wrong with it.
    """

    flag: str
    text: str
    check: Callable[[str], str]
    offers: Sequence[Offer] = field(default=())
    default: str = ""
    hint: str = ""


class Interview:
    """Puts questions; where there is no terminal, only flags and defaults answer."""

    def __init__(self, *, terminal: bool, screen: Console | None = None) -> None:
        self.terminal, self._screen = terminal, screen or console.errors

    def answer(self, question: Question, given: str) -> str:
        """The answer. Raises ConfigurationError that names the flag."""
        if given:
            try:
                return question.check(given)
            except ValueError as error:
                raise ConfigurationError(f"{question.flag} {given}: {error}") from None
        default = _checked(question)
        if not self.terminal:
            if default:
                return default
            shown = [offer.value for offer in question.offers]
            among = f" (there is {some(shown)})" if shown else ""
            raise ConfigurationError(
                f"{question.text}? There is no terminal to ask on: give {question.flag}{among}"
            )
        self._show(question)
        prompt = _Prompt(question, self._screen)
        try:
            return prompt(default=default) if default else prompt()
        except EOFError:
            raise ConfigurationError(
                f"no answer to {question.text!r}: nothing was written; "
                f"{question.flag} gives it, too"
            ) from None

    def _show(self, question: Question) -> None:
        if not question.offers:
            return
        table = console.table("", "name", "", "")
        for number, offer in enumerate(question.offers[:_SHOWN], 1):
            named = offer.value if offer.value != offer.name else ""
            table.add_row(str(number), offer.name, offer.about, named)
        self._screen.print(table)
        if len(question.offers) > _SHOWN:
            more = len(question.offers) - _SHOWN
            self._screen.print(f"and {more} more: type a name", highlight=False)


def _checked(question: Question) -> str:
    """The default, if the workspace has it."""
    try:
        return question.check(question.default) if question.default else ""
    except ValueError:
        return ""


class _Prompt(PromptBase[str]):
    """Takes the number of an offer, or what the question's check takes."""

    def __init__(self, question: Question, screen: Console) -> None:
        text = question.text + (f" ({question.hint})" if question.hint else "")
        super().__init__(text.replace("[", r"\["), console=screen)
        self._question = question

    def process_response(self, value: str) -> str:
        text, offers = value.strip(), self._question.offers
        names = {offer.name for offer in offers} | {offer.value for offer in offers}
        if text.isdecimal() and text not in names and 1 <= int(text) <= len(offers):
            return offers[int(text) - 1].value
        try:
            return self._question.check(text)
        except ValueError as error:
            raise InvalidResponse(f"[red]{str(error).replace('[', chr(92) + '[')}") from None


def one_of(offers: Sequence[Offer], things: str, missing: str) -> Callable[[str], str]:
    """Reads the value or the name of an offer; `missing` says what to do where it is not there."""

    def check(text: str) -> str:
        found = [offer.value for offer in offers if text in (offer.value, offer.name)]
        if len(set(found)) == 1:
            return found[0]
        if found:
            raise ValueError(f"several {things} are called so; give an id: {', '.join(found)}")
        known = [offer.name for offer in offers]
        hint = nearest(text, known, f"there is {some(known) or 'none'}")
        raise ValueError(f"no such one among the {things}; {hint} {missing}".rstrip())

    return check


def is_terminal() -> bool:
    """Whether somebody can answer."""
    return os.isatty(0) and os.isatty(2)
