"""Catalogs and schemas: USE, CREATE, DROP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.errors import SqlError, syntax_error
from databricks_alerts.local_workspace.warehouse.result import EMPTY, Result
from databricks_alerts.local_workspace.warehouse.text import Text

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse.warehouse import Session

KINDS = frozenset({"SCHEMA", "DATABASE", "CATALOG"})
INFORMATION_SCHEMA = "information_schema"  # every catalog has it
MOST_CHARACTERS = 255


def use(text: Text, where: Session, catalog: Catalog) -> Result:
    """USE CATALOG, USE SCHEMA, USE: kept by the session here, not in the engine."""
    named = text.words[1:2] and text.words[1] in KINDS
    parts = [part.lower() for part in text.name_at(2 if named else 1)[0]]
    if text.words[1] == "CATALOG":
        parts = [parts[-1], "default"]
    owner, schema = parts[-2:] if len(parts) > 1 else (where.catalog, parts[0])
    require_schema(owner, schema, catalog)
    where.catalog, where.schema = owner, schema
    return EMPTY


def require_schema(owner: str, schema: str, catalog: Catalog) -> None:
    """Raises SqlError for a catalog or schema that does not exist."""
    _require_catalog(owner, catalog)
    if not catalog.has_schema(owner, schema):
        raise _schema_not_found(owner, schema)


def new_catalog(text: Text, catalog: Catalog) -> tuple[str, str] | None:
    """Name and comment of CREATE CATALOG [IF NOT EXISTS]; None where there is nothing to do.

    Raises SqlError for a name that is taken or that Unity Catalog does not allow.
    """
    parts, comment, exists = _created(text)
    if len(parts) > 1:
        raise syntax_error(".", 1, 0, text.sql)
    name = parts[0]
    require_valid_name(name, "catalog")
    if name not in catalog.catalogs():
        return name, comment
    if exists:
        return None
    raise SqlError("CATALOG_ALREADY_EXISTS", f"Catalog '{name}' already exists.", "42710")


def create_schema(text: Text, where: Session, catalog: Catalog) -> None:
    """CREATE SCHEMA [IF NOT EXISTS] name. Raises SqlError as `new_catalog`."""
    parts, comment, exists = _created(text)
    name, owner = parts[-1], parts[-2] if len(parts) > 1 else where.catalog
    _require_catalog(owner, catalog)
    require_valid_name(name, "schema")
    if catalog.has_schema(owner, name) or name == INFORMATION_SCHEMA:
        if exists:
            return
        message = f"Cannot create schema `{owner}`.`{name}` because it already exists."
        raise SqlError("SCHEMA_ALREADY_EXISTS", message, "42P06")
    catalog.add_schema(owner, name, comment)


def require_valid_name(name: str, kind: str) -> None:
    """Raises SqlError for a name that Unity Catalog does not allow.

    "Names" in Databricks' SQL language reference: at most 255 characters; no slash, control
    character or DEL. (Periods and spaces, which it refuses too, are taken here.)
    """
    wrong = next((sign for sign in name if sign == "/" or ord(sign) < 32 or sign == "\x7f"), None)
    if not name or len(name) > MOST_CHARACTERS or wrong is not None:
        raise SqlError(
            "INVALID_PARAMETER_VALUE",
            f"'{name[:80]}' is not a valid {kind} name: a name has 1 to {MOST_CHARACTERS} "
            "characters, and no forward slash or control character among them.",
            "22023",
        )


def _created(text: Text) -> tuple[list[str], str, bool]:
    """The name's parts in lower case, the comment, and whether IF NOT EXISTS is said."""
    exists = text.words[2:5] == ["IF", "NOT", "EXISTS"]
    parts, behind = text.name_at(5 if exists else 2)
    return [part.lower() for part in parts], _comment(text, behind), exists


def drop(text: Text, where: Session, catalog: Catalog) -> tuple[str, str]:
    """DROP CATALOG | SCHEMA [IF EXISTS] name [CASCADE]; answers kind and name, empty if not there.

    The files of what was dropped stay on disk, under names that no table has again.
    """
    exists = text.words[2:4] == ["IF", "EXISTS"]
    parts, _ = text.name_at(4 if exists else 2)
    cascade = text.tokens[-1].text.upper() == "CASCADE"
    if text.words[1] == "CATALOG":
        return _drop_catalog(parts[-1].lower(), catalog, exists=exists, cascade=cascade)
    name = parts[-1].lower()
    owner = parts[-2].lower() if len(parts) > 1 else where.catalog
    if not catalog.has_schema(owner, name):
        if exists:
            return "", ""
        raise _schema_not_found(owner, name)
    if catalog.tables(owner, name) and not cascade:
        raise SqlError(
            "SCHEMA_NOT_EMPTY",
            f"Cannot drop a schema `{owner}`.`{name}` because it contains objects. Use DROP SCHEMA "
            "... CASCADE to drop the schema and all its objects.",
            "2BP01",
        )
    catalog.drop_schema(owner, name)
    return "SCHEMA", f"{owner}.{name}"


def _drop_catalog(name: str, catalog: Catalog, *, exists: bool, cascade: bool) -> tuple[str, str]:
    if name not in catalog.catalogs():
        if exists:
            return "", ""
        raise _catalog_not_found(name)
    if not cascade and (catalog.tables(name) or catalog.schemas(name) != ["default"]):
        raise SqlError(
            "UC_CATALOG_NOT_EMPTY",
            f"Catalog '{name}' is not empty. Use DROP CATALOG ... CASCADE to drop all it holds.",
            "2BP01",
        )
    catalog.drop_catalog(name)
    return "CATALOG", name


def _comment(text: Text, index: int) -> str:
    words = [token.text for token in text.tokens[index:]]
    upper = [word.upper() for word in words]
    place = upper.index("COMMENT") if "COMMENT" in upper else len(words)
    return words[place + 1] if place + 1 < len(words) else ""


def _require_catalog(name: str, catalog: Catalog) -> None:
    if name not in catalog.catalogs():
        raise _catalog_not_found(name)


def _catalog_not_found(name: str) -> SqlError:
    return SqlError("NO_SUCH_CATALOG_EXCEPTION", f"Catalog '{name}' was not found.", "42704")


def _schema_not_found(catalog: str, schema: str) -> SqlError:
    message = (
        f"The schema `{catalog}`.`{schema}` cannot be found. Verify the spelling and correctness "
        "of the schema and catalog."
    )
    return SqlError("SCHEMA_NOT_FOUND", message, "42704")
