"""A family's members: who they are, and what is wrong with them. Pure.

A member is a mapping of names to values, one of which (`for_each.key`) is its key; a scalar is its
own key, and its `value`. Overrides, renames and cases name members by their keys.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from databricks_alerts.listing import nearest, some
from databricks_alerts.packs.authored import ForEach
from databricks_alerts.packs.document import Key, Problem
from databricks_alerts.packs.model import Family
from databricks_alerts.sql.literals import Value, text_of

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
# Where a value is put in, the next pass over the text would take these for placeholders.
_PLACEHOLDERS = re.compile(r"\{\{|\}\}|\$\{")
_PLACE: tuple[Key, ...] = ("for_each", "members")

Fields = Mapping[str, Value]


@dataclass(frozen=True)
class Member:
    """One of a family: its key, and what `{{ each.… }}` can say of it."""

    key: str
    fields: Fields


def members_of(
    family: Family, found: Sequence[Value | Fields], problems: list[Problem]
) -> list[Member]:
    """The members, in the order of their keys, which alone decides; all that is wrong is told.

    `found` is what `for_each` lists, or the rows of its query.
    """
    each = family.for_each
    members = []
    for index, value in enumerate(found):
        member, texts = _member(value, each)
        source = family.place((*_PLACE, index))
        problems += [Problem(source, f"{family.rule.id}: {text}") for text in texts]
        if member is not None:
            members.append(member)
    told = (*_of_all(family, found, members), *_of_names(family, members))
    problems += [Problem(family.place(path), f"{family.rule.id}: {text}") for path, text in told]
    return sorted(members, key=lambda member: member.key)


def _member(value: Value | Fields, each: ForEach) -> tuple[Member | None, list[str]]:
    """The member, None for one without a legal key, and what is wrong with it."""
    fields: Fields = value if isinstance(value, Mapping) else {"value": value}
    own = fields.get(each.key) if isinstance(value, Mapping) else value
    if own is None:
        has = ", ".join(fields)
        return None, [
            f"a member has no {each.key}, it has {has}: name its key so, or set for_each.key"
        ]
    key = text_of(own)
    if not _KEY.fullmatch(key):
        return None, [
            f"the member {key[:120]!r} cannot be part of a rule's id; give it a key of 1 to 100 "
            f"letters, digits, `_`, `-`, `.`, and say the rest in another field"
        ]
    wrong = [
        f"the member {key}: {name} is {text[:120]!r}; a value stands on one line, without "
        "{{, }} and ${"
        for name, text in fields.items()
        if isinstance(text, str) and (_PLACEHOLDERS.search(text) or not text.isprintable())
    ]
    return Member(key, {**fields, "key": own}), wrong


def _of_all(
    family: Family, found: Sequence[object], members: Iterable[Member]
) -> Iterator[tuple[tuple[Key, ...], str]]:
    each = family.for_each
    source = "query" if each.members is None else "members"
    here = ("for_each", source)
    if not found:
        yield (
            here,
            f"for_each.{source} gives no member, and a family without members would lose all its "
            "alerts; mend it, or remove the rule",
        )
    if len(found) > each.limit:
        count = f"{len(found)}" if each.members is not None else f"more than {each.limit}"
        yield (
            here,
            f"for_each.{source} gives {count} members, {each.limit} are allowed; give fewer, or "
            "raise for_each.limit (at most 1000)",
        )
    for key, times in Counter(member.key for member in members).items():
        if times > 1:
            text = f"the member {key} is given {times} times; each needs a {each.key} of its own"
            yield here, text


def _of_names(family: Family, members: Iterable[Member]) -> Iterator[tuple[tuple[Key, ...], str]]:
    """Keys of members that are named elsewhere."""
    each, keys = family.for_each, {member.key for member in members}
    for key in sorted(each.overrides.keys() - keys):
        text = f"for_each.overrides speaks of the member {key}, which is not there"
        yield ("for_each", "overrides", key), text + _near(key, keys)
    operator = family.rule.threshold.operator
    for key, override in each.overrides.items():
        if operator.startswith("IS ") and override.threshold is not None:
            text = f"the member {key} overrides the threshold, but operator {operator} takes none"
            yield ("for_each", "overrides", key, "threshold"), f"{text}; remove it"
    for new, old in each.renamed_from.items():
        path: tuple[Key, ...] = ("for_each", "renamed_from", new)
        if new not in keys:
            text = f"for_each.renamed_from speaks of the member {new}, which is not there"
            yield path, text + _near(new, keys)
        if old in keys:
            yield (
                path,
                f"the member {new} cannot be renamed from {old}, which is a member itself; "
                "remove one of them",
            )
    for old, times in Counter(each.renamed_from.values()).items():
        if times > 1:
            text = f"for_each.renamed_from gives {old} to {times} members; one of them was it"
            yield ("for_each", "renamed_from"), text
    for index, case in enumerate(family.rule.tests):
        for key in case.members or ():
            if key not in keys:
                text = f"the case {case.name!r} is for the member {key}, which is not there"
                yield ("tests", index, "members"), text + _near(key, keys)


def _near(key: str, keys: Iterable[str]) -> str:
    known = sorted(keys)
    otherwise = f"remove it, or name one of {some(known)}" if known else "remove it"
    return f"; {nearest(key, known, otherwise)}"
