"""All checks over all rules, and the comments that silence them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from databricks_alerts.lint.determinism import FIRST_ROW, LIMIT, RANDOM
from databricks_alerts.lint.duplicates import DUPLICATE
from databricks_alerts.lint.model import Check, Complaint, Subject
from databricks_alerts.lint.silence import Ignore, ignores_of
from databricks_alerts.lint.thresholds import APPLIED
from databricks_alerts.lint.timing import FINER, LATE
from databricks_alerts.packs.model import family_of

CHECKS: tuple[Check, ...] = (DUPLICATE, APPLIED, RANDOM, LIMIT, FIRST_ROW, FINER, LATE)


def _none(_: Subject, __: Sequence[Subject]) -> Iterator[str]:
    """What is wrong with the comments is found while they are read."""
    yield from ()


COMMENT = Check(
    "L000",
    "ignore-comment",
    "A comment that silences nothing hides what it was meant for, and one without a reason tells "
    "the next reader nothing.",
    "write `-- alerts: ignore CODE reason`, or remove the comment",
    _none,
)


def lint(subjects: Sequence[Subject]) -> list[Complaint]:
    """What all checks say of the rules, in the order of the rules.

    What is wrong with the rule that a family was made of is told of its first member only.
    """
    found: list[Complaint] = []
    for subject in subjects:
        ignores = list(ignores_of(subject.template))
        silenced = {code for item in ignores for code in item.codes if item.reason}
        said = [
            _complaint(check, subject, what)
            for check in CHECKS
            for what in check.find(subject, subjects)
        ]
        found += [item for item in said if item.code not in silenced]
        spoken = {item.code for item in said}
        found += [
            _complaint(COMMENT, subject, what)
            for ignore in ignores
            for what in _wrong(ignore, spoken)
        ]
    kept: dict[tuple[str, ...], Complaint] = {}
    for item in found:
        kept.setdefault((family_of(item.key), item.place, item.code, item.what), item)
    return list(kept.values())


def _wrong(ignore: Ignore, spoken: set[str]) -> Iterator[str]:
    known = {check.code for check in CHECKS}
    if not ignore.codes:
        yield f"{ignore.text!r} names no code"
    for code in ignore.codes:
        if code not in known:
            yield f"{code} is no code; there are {', '.join(sorted(known))}"
        elif not ignore.reason:
            yield f"{ignore.text!r} gives no reason, so it silences nothing"
        elif code not in spoken:
            yield f"nothing is found by {code}, so there is nothing to ignore"


def _complaint(check: Check, subject: Subject, what: str) -> Complaint:
    return Complaint(
        code=check.code,
        name=check.name,
        key=subject.key,
        place=subject.place,
        what=what,
        reason=check.reason,
        remedy=check.remedy,
    )
