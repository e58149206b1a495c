"""Reads a pack's folder and reports everything wrong in it at once: `file:line:column: what`."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel
from pydantic import ValidationError as PydanticError

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs import cases, variables
from databricks_alerts.packs.defaults import completed
from databricks_alerts.packs.document import Document, Key, Problem, read_document
from databricks_alerts.packs.model import (
    Case,
    LocatedRule,
    Manifest,
    Pack,
    PackRule,
    RuleFile,
    Source,
)
from databricks_alerts.rules.presets import BUILT_IN, is_name
from databricks_alerts.rules.templates import placeholders
from databricks_alerts.rules.words import is_address, is_databricks_id

MANIFEST = "pack.yaml"
_Model = TypeVar("_Model", bound=BaseModel)


def find_pack(name: str, packs: Path) -> Path:
    """The folder of the pack called `name` under `packs`; raises ConfigurationError."""
    known = sorted(path.parent.name for path in packs.glob(f"*/{MANIFEST}"))
    if name not in known:
        raise ConfigurationError(
            f"no pack {name!r} in {packs}: a pack is a folder with a {MANIFEST} in it. "
            f"There is: {', '.join(known) or 'none'}."
        )
    return packs / name


def load_pack(folder: Path) -> Pack:
    """The pack in `folder`. Raises ConfigurationError with all that is wrong in it."""
    problems: list[Problem] = []
    manifest_file = _read(folder / MANIFEST, problems)
    manifest = _parse(manifest_file, Manifest, problems)
    files = [
        (document, _parse(document, RuleFile, problems))
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
        if path.name != MANIFEST and (document := _read(path, problems))
    ]
    if manifest and manifest_file:
        rules = [
            rule
            for document, file in files
            if file
            for rule in _located(document, file, manifest, problems)
        ]
        problems += _manifest_problems(manifest_file, manifest)
        documents = {document.path: document for document, _ in files}
        problems += _rule_problems(rules, manifest, documents)
    if problems:
        ordered = sorted(problems, key=lambda p: (p.source.path, p.source.line, p.source.column))
        raise ConfigurationError("\n".join(map(str, dict.fromkeys(ordered))))
    assert manifest  # without one there was a problem
    return Pack(folder, manifest, tuple(rules))


def _read(path: Path, problems: list[Problem]) -> Document | None:
    document = read_document(path)
    if isinstance(document, Problem):
        problems.append(document)
        return None
    return document


def _parse(
    document: Document | None, model: type[_Model], problems: list[Problem]
) -> _Model | None:
    if document is None:
        return None
    try:
        return model.model_validate(document.data)
    except PydanticError as error:
        for detail in error.errors():
            location = detail["loc"]
            text = _explain(detail, location)
            if detail["type"] == "extra_forbidden":
                text = f"{location[-1]}: unknown key; allowed: {_allowed_keys(model, location)}"
            problems.append(Problem(document.source(location), text))
    return None


def _explain(detail: Any, location: Sequence[Key]) -> str:
    name = ".".join(str(part) for part in location[-2:] if not isinstance(part, int))
    found = detail["input"]
    match detail["type"]:
        case "missing":
            return f"{location[-1]}: is missing"
        case "literal_error":
            return f"{name}: {found!r} is not allowed; allowed: {detail['ctx']['expected']}"
        case "value_error":
            return f"{name}: {detail['ctx']['error']}"
        case _:
            shown = repr(found) if isinstance(found, str | int | float) else type(found).__name__
            return f"{name}: {detail['msg']}; found {shown[:80]}"


def _allowed_keys(model: type[BaseModel], location: Sequence[Key]) -> str:
    """The keys that the mapping around `location` may have, by walking the model's annotations."""
    current: type[BaseModel] = model
    for key in location[:-1]:
        field = current.model_fields.get(str(key)) if not isinstance(key, int) else None
        inner = _model_in(field.annotation) if field else None
        current = inner or current
    own = current.__annotations__  # before those of the defaults that it may override
    return ", ".join([*own, *(name for name in current.model_fields if name not in own)])


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in inner if part), None)


def _located(
    document: Document, file: RuleFile, manifest: Manifest, problems: list[Problem]
) -> Iterator[LocatedRule]:
    domain = file.domain or document.path.stem.upper()
    for index, rule in enumerate(file.rules):
        place = ("rules", index)
        query = rule.query or _query_of(document, rule, place, problems)
        complete = completed(rule, query, file.defaults, manifest.defaults)
        yield LocatedRule(complete, domain, document.source(place))


def _query_of(
    document: Document, rule: PackRule, place: tuple[Key, ...], problems: list[Problem]
) -> str:
    """The text of the rule's `query_file`; a file that is no good is a problem."""
    folder = document.path.parent.resolve()
    path = (folder / str(rule.query_file)).resolve()
    source = document.source((*place, "query_file"))
    if not path.is_relative_to(folder):
        problems.append(Problem(source, f"query_file: {rule.query_file} is not below {folder}"))
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problems.append(Problem(source, f"query_file: cannot read {path}: {reason}"))
        return ""
    if not text.strip():
        problems.append(Problem(source, f"query_file: {path} is empty"))
    return text


def _manifest_problems(document: Document, manifest: Manifest) -> Iterator[Problem]:
    folder = document.path.resolve().parent.name
    if manifest.name != folder:
        text = f"name: {manifest.name!r} is not the folder's name {folder!r}"
        yield Problem(document.source(("name",)), text)
    yield from _zone_problems(manifest.defaults.time_zone, document, ("defaults", "time_zone"))
    for name, variable in manifest.variables.items():
        for key, value in (("default", variable.default), ("local", variable.local)):
            for text in variables.check(variable, value) if value is not None else ():
                yield Problem(document.source(("variables", name, key)), f"{key}: {text}")
    ids = Counter(destination.id for destination in manifest.destinations)
    for index, destination in enumerate(manifest.destinations):
        place = ("destinations", index)
        if ids[destination.id] > 1:
            text = f"id: {destination.id} is given {ids[destination.id]} times"
            yield Problem(document.source((*place, "id")), text)
        texts = [str(value) for value in destination.config.values()]
        source = document.source((*place, "config"))
        yield from _unknown_variables(texts, manifest, source)


def _rule_problems(
    rules: Sequence[LocatedRule], manifest: Manifest, documents: dict[Path, Document]
) -> Iterator[Problem]:
    ids = Counter(located.rule.id for located in rules)
    indexes: Counter[Path] = Counter()
    for located in rules:
        path = located.source.path
        document, place = documents[path], ("rules", indexes[path])
        indexes[path] += 1
        if ids[located.rule.id] > 1:
            text = f"id: {located.rule.id} is given {ids[located.rule.id]} times"
            yield Problem(document.source((*place, "id")), text)
        yield from _channel_problems(located, manifest, document.source((*place, "channels")))
        yield from _query_problems(located, manifest, document.source((*place, "query")))
        if located.rule.time_zone != manifest.defaults.time_zone:  # which is told once, above
            yield from _zone_problems(located.rule.time_zone, document, (*place, "time_zone"))
        yield from _test_problems(located, manifest, document, place)


def _zone_problems(
    zone: str | None, document: Document, place: tuple[Key, ...]
) -> Iterator[Problem]:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        text = f"time_zone: {zone!r} is no IANA time zone such as America/Los_Angeles"
        yield Problem(document.source(place), text)


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


def _query_problems(located: LocatedRule, manifest: Manifest, source: Source) -> Iterator[Problem]:
    query = located.rule.query
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


def _test_problems(
    located: LocatedRule, manifest: Manifest, document: Document, place: tuple[Key, ...]
) -> Iterator[Problem]:
    names = Counter(case.name for case in located.rule.tests)
    for index, case in enumerate(located.rule.tests):
        here = (*place, "tests", index)
        if names[case.name] > 1:
            text = f"name: {case.name!r} is given {names[case.name]} times"
            yield Problem(document.source((*here, "name")), text)
        for name, value in case.variables.items():
            source = document.source((*here, "variables", name))
            if name not in manifest.variables and name in placeholders(located.rule.query):
                continue  # one of the stack's, whose type nobody declares
            if name not in manifest.variables:
                yield from _unknown_variables([f"{{{{ var.{name} }}}}"], manifest, source)
            else:
                for text in variables.check(manifest.variables[name], value):
                    yield Problem(source, f"variable {name}: {text}")
        yield from _row_problems(case, manifest, document, (*here, "rows"))


def _row_problems(
    case: Case, manifest: Manifest, document: Document, place: tuple[Key, ...]
) -> Iterator[Problem]:
    for problem in cases.check(case, manifest.tables):
        yield Problem(document.source((*place, *problem.place)), problem.message)
