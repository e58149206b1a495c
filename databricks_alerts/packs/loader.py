"""Reads a pack's folder and reports everything wrong in it at once: `file:line:column: what`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from pydantic import ValidationError as PydanticError

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.authored import Manifest, PackRule, RuleFile
from databricks_alerts.packs.checks import (
    asking_problems,
    id_problems,
    manifest_problems,
    rule_problems,
)
from databricks_alerts.packs.defaults import completed
from databricks_alerts.packs.document import Document, Key, Problem, read_document, told
from databricks_alerts.packs.expansion import rules_of_family
from databricks_alerts.packs.model import Family, LocatedRule, Pack, Source

MANIFEST = "pack.yaml"
_Model = TypeVar("_Model", bound=BaseModel)


def packs_in(folder: Path) -> list[str]:
    """The names of the packs in a folder, sorted."""
    return sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}"))


def find_pack(name: str, packs: Path) -> Path:
    """The folder of the pack called `name` under `packs`; raises ConfigurationError."""
    known = packs_in(packs)
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
    if not (manifest and manifest_file):
        raise ConfigurationError(told(problems))
    entries = [
        entry
        for document, file in files
        if file
        for entry in _written(document, file, manifest, problems)
    ]
    problems += manifest_problems(manifest_file, manifest)
    problems += id_problems(entries)
    rules = [rule for entry in entries for rule in _rules_of(entry, manifest, problems)]
    if problems:
        raise ConfigurationError(told(problems))
    families = [entry for entry in entries if isinstance(entry, Family)]
    return Pack(
        folder,
        manifest,
        tuple(rules),
        tuple(family for family in families if family.for_each.members is None),
        frozenset(family.rule.id for family in families),
    )


def _rules_of(
    entry: LocatedRule | Family, manifest: Manifest, problems: list[Problem]
) -> Sequence[LocatedRule]:
    """The rules of an entry; none yet of a family whose members a statement answers."""
    if isinstance(entry, LocatedRule):
        problems += rule_problems([entry], manifest)
        return [entry]
    if entry.for_each.members is None:
        problems += asking_problems(entry, manifest)
        return []
    return rules_of_family(entry, entry.for_each.members, manifest, problems)


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


def _written(
    document: Document, file: RuleFile, manifest: Manifest, problems: list[Problem]
) -> Iterator[LocatedRule | Family]:
    domain = file.domain or document.path.stem.upper()
    layers = (file.defaults, manifest.defaults)
    for index, rule in enumerate(file.rules):
        place = ("rules", index)
        query = rule.query or _query_of(document, rule, place, problems)
        if rule.for_each is None:
            complete = completed(rule, query, *layers)
            yield LocatedRule(complete, domain, document.source(place), _below(document, place))
        else:
            below = _below(document, place)
            yield Family(rule, query, layers, domain, rule.for_each, below)


def _below(document: Document, place: tuple[Key, ...]) -> Callable[[Sequence[Key]], Source]:
    return lambda inner: document.source((*place, *inner))


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
