"""What is wrong in a pack whose files have the right form."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from databricks_alerts.listing import some
from databricks_alerts.packs import cases, variables
from databricks_alerts.packs.authored import Manifest
from databricks_alerts.packs.document import Document, Problem
from databricks_alerts.packs.families import REFERENCE, references
from databricks_alerts.packs.model import Family, LocatedRule, Source
from databricks_alerts.rules.presets import BUILT_IN, is_name
from databricks_alerts.rules.templates import placeholders
from databricks_alerts.rules.words import is_address, is_databricks_id


def manifest_problems(document: Document, manifest: Manifest) -> Iterator[Problem]:
    """What is wrong in pack.yaml beyond its form."""
    folder = document.path.resolve().parent.name
    if manifest.name != folder:
        text = f"name: {manifest.name!r} is not the folder's name {folder!r}"
        yield Problem(document.source(("name",)), text)
    yield from _zone_problems(
        manifest.defaults.time_zone, document.source(("defaults", "time_zone"))
    )
    for name, variable in manifest.variables.items():
        for key, value in (("default", variable.default), ("local", variable.local)):
            for text in variables.check(variable, value) if value is not None else ():
                yield Problem(document.source(("variables", name, key)), f"{key}: {text}")
    for key in ("subject", "body"):
        for found in REFERENCE.finditer(getattr(manifest.message, key, "")):
            text = f"{key}: {found[0]} belongs to rules with for_each; say {{{{ rule.name }}}} here"
            yield Problem(document.source(("message", key)), text)
    ids = Counter(destination.id for destination in manifest.destinations)
    for index, destination in enumerate(manifest.destinations):
        place = ("destinations", index)
        if ids[destination.id] > 1:
            text = f"id: {destination.id} is given {ids[destination.id]} times"
            yield Problem(document.source((*place, "id")), text)
        texts = [str(value) for value in destination.config.values()]
        source = document.source((*place, "config"))
        yield from _unknown_variables(texts, manifest, source)


def id_problems(entries: Sequence[LocatedRule | Family]) -> Iterator[Problem]:
    """Ids given twice, to rules or families."""
    ids = Counter(entry.rule.id for entry in entries)
    for entry in entries:
        if ids[entry.rule.id] > 1:
            text = f"id: {entry.rule.id} is given {ids[entry.rule.id]} times"
            yield Problem(entry.place(("id",)), text)


def rule_problems(rules: Sequence[LocatedRule], manifest: Manifest) -> Iterator[Problem]:
    """What is wrong with a rule, or with a family's members: what all have wrong is told once."""
    found: dict[Problem, list[str]] = {}
    for located in rules:
        for problem in dict.fromkeys(_of_one(located, manifest)):
            found.setdefault(problem, []).append(located.rule.id)
    for problem, keys in found.items():
        whose = "" if len(keys) == len(rules) else f" (in {some(keys)})"
        yield Problem(problem.source, problem.message + whose)


def asking_problems(family: Family, manifest: Manifest) -> Iterator[Problem]:
    """What is wrong with a family before its members are known."""
    each = family.for_each
    for text, path in ((family.query, ("query",)), (each.query or "", ("for_each", "query"))):
        yield from _query_problems(text, manifest, family.place(path))


def _of_one(located: LocatedRule, manifest: Manifest) -> Iterator[Problem]:
    rule, place = located.rule, located.place
    yield from _channel_problems(located, manifest, place(("channels",)))
    yield from _query_problems(rule.query, manifest, place(("query",)))
    if rule.family is None:
        for reference in references(rule):
            text = f"{reference} stands for a member, but the rule has no for_each; give it one"
            yield Problem(place(()), f"{rule.id}: {text}")
    if rule.time_zone != manifest.defaults.time_zone:  # which is told once, above
        yield from _zone_problems(rule.time_zone, place(("time_zone",)))
    yield from _test_problems(located, manifest)


def _zone_problems(zone: str | None, source: Source) -> Iterator[Problem]:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        text = f"time_zone: {zone!r} is no IANA time zone such as America/Los_Angeles"
        yield Problem(source, text)


def _channel_problems(
    located: LocatedRule, manifest: Manifest, source: Source
) -> Iterator[Problem]:
    known = {destination.id for destination in manifest.destinations}
    for channel in located.rule.channels:
        if channel not in known and not is_address(channel) and not is_databricks_id(channel):
            allowed = ", ".join(sorted(known))
            text = (
                f"{channel!r} is no destination of the pack, no e-mail address and no Databricks "
                f"id; the pack has: {allowed or 'none'}"
            )
            yield Problem(source, f"channels: {text}")


def _query_problems(query: str, manifest: Manifest, source: Source) -> Iterator[Problem]:
    yield from _unknown_variables([query], manifest, source)
    for name in variables.quoted_references(query):
        text = f"variable {name} stands in quotes or a comment; write it bare, it is a literal"
        yield Problem(source, f"query: {text}")
    for name in sorted(placeholders(query)):
        wrong = _wrong_placeholder(name)
        if wrong:
            yield Problem(source, f"query: placeholder ${{{name}}} {wrong}")


def _wrong_placeholder(name: str) -> str | None:
    """Any name may be a variable of the stack's, but hardly one so like the two that are built in.

    None for one that may be right: its value is looked for when the rule is tested or deployed.
    """
    if name in BUILT_IN:
        return None
    near = difflib.get_close_matches(name, BUILT_IN, 1, cutoff=0.8)
    if near:
        return f"is unknown; did you mean ${{{near[0]}}}?"
    if not is_name(name):
        return "is no name; allowed: ${catalog}, ${gold_schema} and variables of the stack"
    return None


def _unknown_variables(
    texts: Iterable[str], manifest: Manifest, source: Source
) -> Iterator[Problem]:
    for name in (name for text in texts for name in variables.references(text)):
        if name not in manifest.variables:
            known = ", ".join(sorted(manifest.variables)) or "none"
            yield Problem(source, f"variable {name} is unknown; pack.yaml has: {known}")


def _test_problems(located: LocatedRule, manifest: Manifest) -> Iterator[Problem]:
    rule, place = located.rule, located.place
    names = Counter(case.name for case in rule.tests)
    for index, case in enumerate(rule.tests):
        here = ("tests", index)
        if case.members is not None and rule.family is None:
            text = f"members: case {case.name!r} names members, but the rule has no for_each"
            yield Problem(place((*here, "members")), text)
        if not case.concerns(rule.member):
            continue
        if names[case.name] > 1:
            text = f"name: {case.name!r} is given {names[case.name]} times"
            yield Problem(place((*here, "name")), text)
        for name, value in case.variables.items():
            source = place((*here, "variables", name))
            if name not in manifest.variables and name in placeholders(rule.query):
                continue  # one of the stack's, whose type nobody declares
            if name not in manifest.variables:
                yield from _unknown_variables([f"{{{{ var.{name} }}}}"], manifest, source)
            else:
                for text in variables.check(manifest.variables[name], value):
                    yield Problem(source, f"variable {name}: {text}")
        for problem in cases.check(case, manifest.tables):
            yield Problem(place((*here, "rows", *problem.place)), problem.message)
