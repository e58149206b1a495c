"""Rules that ask the same and ring at the same value, however their queries are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache

from sqlglot import exp

from databricks_alerts.lint.model import Check, Subject

_DIALECT = "databricks"
# In these, what stands in parentheses means the same without.
_HOLDERS = (exp.Where, exp.Having, exp.Qualify, exp.Join, exp.Paren, exp.Alias, exp.Select)


def _find(subject: Subject, every: Sequence[Subject]) -> Iterator[str]:
    own = _fingerprint(subject)
    for other in every:
        if other is subject:
            return
        if _fingerprint(other) == own:
            yield f"it asks the same as {other.key} ({other.place}), with the same threshold"
            return


@lru_cache(maxsize=4096)
def _fingerprint(subject: Subject) -> str:
    """What a rule asks and when it rings; not when it runs, or whom it tells."""
    return json.dumps(
        [
            canonical(subject.tree) if subject.tree is not None else subject.query,
            subject.column.lower(),
            subject.aggregation,
            subject.operator,
            float(subject.value)
            if isinstance(subject.value, int) and not isinstance(subject.value, bool)
            else subject.value,
        ]
    )


def canonical(tree: exp.Expr) -> str:
    """A query by its syntax tree: without comments, case, needless parentheses, order of AND.

    Names of tables and columns are compared without case, as Spark resolves them.
    """
    copied = tree.copy()
    for name in copied.find_all(exp.Identifier):
        name.set("this", name.name.lower())
        name.set("quoted", False)
    return _bare(copied).sql(_DIALECT, comments=False, normalize_functions="upper")


def _bare(tree: exp.Expr) -> exp.Expr:
    """Without parentheses that change nothing, and with what is joined by AND or OR in order."""
    for paren in reversed(list(tree.find_all(exp.Paren))):
        if isinstance(paren.parent, _HOLDERS) or not isinstance(paren.this, exp.Binary | exp.Unary):
            paren.replace(paren.this)
    # From the inside out, so that what is ordered by its text is in order itself.
    for node in reversed(list(tree.find_all(exp.And, exp.Or))):
        kind = type(node)
        if isinstance(node.parent, kind):
            continue
        first, *rest = sorted((part.unnest() for part in node.flatten()), key=_text)
        joined: exp.Expr = first
        for part in rest:
            joined = kind(this=_wrapped(joined, kind), expression=_wrapped(part, kind))
        node.replace(joined)
    return tree


def _wrapped(part: exp.Expr, kind: type[exp.Connector]) -> exp.Expr:
    """In parentheses where the other connector stands inside."""
    other = isinstance(part, exp.Connector) and not isinstance(part, kind)
    return exp.Paren(this=part) if other else part


def _text(node: exp.Expr) -> str:
    return node.sql(_DIALECT, comments=False)


DUPLICATE = Check(
    "L001",
    "duplicate",
    "Two rules that ask the same of the same tables ring twice for one cause and cost twice.",
    "keep one of the rules, and let it notify everybody",
    _find,
)
