"""Which rules a mute is for: `COST-*`, `domain=COST severity=INFO`, `tag=team:finops`, `owner=…`.

Terms stand side by side and must all hold. Names are globs (`*`, `?`, `[…]`); those of ids are
compared as they are written, all others in any case.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from databricks_alerts.rules.rows import Rule

_WORDS = ("id", "domain", "severity", "tag", "owner")


@dataclass(frozen=True)
class Term:
    """One condition: `word` says of what, `glob` what it must be like."""

    word: str
    glob: str

    def holds(self, rule: Rule) -> bool:
        """Whether a rule is so."""
        if self.word == "id":
            return fnmatchcase(rule.alert_id, self.glob)
        return any(fnmatchcase(text.casefold(), self.glob.casefold()) for text in self._of(rule))

    def _of(self, rule: Rule) -> Iterator[str]:
        match self.word:
            case "domain":
                yield rule.agent_domain
            case "severity":
                yield rule.severity
            case "owner":
                yield rule.owner
            case _:
                for key, value in rule.tags.items():
                    yield key
                    yield f"{key}:{value or ''}"


@lru_cache(1024)
def terms(selector: str) -> tuple[Term, ...]:
    """The terms of a selector. Raises ValueError for one that says nothing or an unknown word."""
    try:
        parts = shlex.split(selector)
    except ValueError as error:
        raise ValueError(f"{selector!r} cannot be read: {error}") from None
    if not parts:
        raise ValueError("it selects nothing; write an id such as COST-*, or * for every rule")
    return tuple(map(_term, parts))


def selects(selector: tuple[Term, ...], rule: Rule) -> bool:
    """Whether all terms hold for a rule."""
    return all(term.holds(rule) for term in selector)


def _term(part: str) -> Term:
    word, equals, glob = part.partition("=")
    if not equals:
        return Term("id", part)
    if word.casefold() not in _WORDS:
        raise ValueError(f"{part!r}: there is no {word!r}; use {'=, '.join(_WORDS)}= or a bare id")
    if not glob:
        raise ValueError(f"{part!r} says nothing behind the =")
    return Term(word.casefold(), glob)
