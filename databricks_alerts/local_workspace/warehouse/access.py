"""Which privileges a statement needs, and GRANT, REVOKE and SHOW GRANTS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.local_workspace.system.schemas import CATALOG as SYSTEM
from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.errors import SqlError, syntax_error, unsupported
from databricks_alerts.local_workspace.warehouse.grants import Grants, insufficient
from databricks_alerts.local_workspace.warehouse.names import TableName, resolve
from databricks_alerts.local_workspace.warehouse.result import EMPTY, Result, texts
from databricks_alerts.local_workspace.warehouse.subject import subject_of
from databricks_alerts.local_workspace.warehouse.text import Text

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse.warehouse import Session

_OBJECTS = {"TABLE": "TABLE", "VIEW": "TABLE", "SCHEMA": "SCHEMA", "DATABASE": "SCHEMA"}
_CHANGES = exp.Insert | exp.Update | exp.Delete | exp.Merge
_CHANGING = frozenset(
    ["INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "DROP", "ALTER", "OPTIMIZE"]
)
_FREE = {"USE", "SET", "RESET", "SHOW", "GRANT", "REVOKE"}


def require(text: Text, where: Session, grants: Grants, catalog: Catalog) -> None:
    """Raises SqlError INSUFFICIENT_PERMISSIONS where the session's user may not run this."""
    if grants.is_admin(where.user) or text.words[0] in _FREE:
        return
    described = text.words[0] in ("DESCRIBE", "DESC")
    if described and text.words[1:2] not in (["QUERY"], ["SELECT"], ["WITH"]):
        _require_described(text, where, grants, catalog)
        return
    if text.words[0] in ("OPTIMIZE", "VACUUM", "COMMENT", "ANALYZE"):
        raise insufficient("MANAGE", "TABLE", "the table named")
    if text.words[:2] in (["CREATE", "CATALOG"], ["DROP", "CATALOG"]):
        raise insufficient("CREATE CATALOG", "METASTORE", "local")
    tree = _tree(subject_of(text))
    target = _target(tree)
    if target is not None:
        _require_target(tree, target, where, grants, catalog)
    for name in _read(tree, target, where):
        grants.require_on_table(where.user, "SELECT", name, _owner(name, catalog))


def require_writable(text: Text, where: Session) -> None:
    """Raises SqlError for what would change the catalog `system`, whoever asks."""
    words = text.words
    lowered = {token.text.lower() for token in text.tokens} | {where.catalog}
    if words[0] not in _CHANGING or SYSTEM not in lowered:
        return
    if words[0] in ("CREATE", "DROP") and set(words[1:2]) & {"CATALOG", "SCHEMA", "DATABASE"}:
        parts = [part.lower() for part in text.name_at(_behind_if_exists(words))[0]]
        named = parts[0] if words[1] == "CATALOG" or len(parts) > 1 else where.catalog
    elif words[0] == "OPTIMIZE":
        named = resolve(text.name_at(1)[0], where.catalog, where.schema).catalog
    else:
        target = _target(_tree(text.sql))
        named = _resolved(target, where).catalog if target is not None else ""
    if named == SYSTEM:
        raise SqlError(
            "PERMISSION_DENIED",
            f"The catalog `{SYSTEM}` is read-only: system tables cannot be changed.",
            "42501",
        )


def _behind_if_exists(words: list[str]) -> int:
    """The index of the name in CREATE | DROP SCHEMA [IF [NOT] EXISTS] name."""
    index = 2
    while words[index : index + 1] and words[index] in ("IF", "NOT", "EXISTS"):
        index += 1
    return index


def change(text: Text, where: Session, grants: Grants, catalog: Catalog) -> Result:
    """GRANT privileges ON object TO principal; REVOKE privileges ON object FROM principal."""
    words = [token.text for token in text.tokens]
    upper = [word.upper() for word in words]
    if "ON" not in upper:
        raise syntax_error("", 1, len(text.sql), text.sql)
    on = upper.index("ON")
    privileges = [part.strip() for part in " ".join(upper[1:on]).split(",")]
    kind, name, index = _object(text, on + 1, where)
    if upper[index : index + 1] != (["TO"] if upper[0] == "GRANT" else ["FROM"]):
        raise syntax_error(words[index] if index < len(words) else "", 1, len(text.sql), text.sql)
    if index + 1 >= len(words):
        raise syntax_error("", 1, len(text.sql), text.sql)
    if where.user != _owner_of(kind, name, catalog):
        grants.require(where.user, "MANAGE", kind, name)
    (grants.add if upper[0] == "GRANT" else grants.remove)(kind, name, words[index + 1], privileges)
    return EMPTY


def shown(text: Text, where: Session, grants: Grants) -> Result:
    """SHOW GRANTS [principal] ON object."""
    upper = [token.text.upper() for token in text.tokens]
    if "ON" not in upper:
        raise unsupported("SHOW GRANTS without ON")
    on = upper.index("ON")
    principal = text.tokens[2].text if on == 3 else None
    kind, name, _ = _object(text, on + 1, where)
    found = [
        [grant.principal, grant.privilege, grant.kind, grant.name]
        for grant in grants.effective(kind, name)
        if principal in (None, grant.principal)
    ]
    return texts(["Principal", "ActionType", "ObjectType", "ObjectKey"], found)


def _object(text: Text, index: int, where: Session) -> tuple[str, str, int]:
    """Kind and full name of the object at token `index`, and the index behind it."""
    word = text.tokens[index].text.upper() if index < len(text.tokens) else ""
    kind = "CATALOG" if word == "CATALOG" else _OBJECTS.get(word, "")
    parts, behind = text.name_at(index + 1 if kind else index)
    lowered = [part.lower() for part in parts]
    if kind == "CATALOG":
        return kind, lowered[-1], behind
    if kind == "SCHEMA":
        return kind, ".".join([where.catalog, *lowered][-2:]), behind
    return "TABLE", str(resolve(parts, where.catalog, where.schema)), behind


def _owner_of(kind: str, name: str, catalog: Catalog) -> str:
    parts = name.split(".")
    return _owner(TableName(*parts), catalog) if kind == "TABLE" and len(parts) == 3 else ""


def _owner(name: TableName, catalog: Catalog) -> str:
    table = catalog.find(name)
    return table.owner if table else ""


def _require_described(text: Text, where: Session, grants: Grants, catalog: Catalog) -> None:
    index = 1
    while text.words[index : index + 1] and text.words[index] in (
        *("TABLE", "EXTENDED", "FORMATTED", "HISTORY", "DETAIL"),
    ):
        index += 1
    name = resolve(text.name_at(index)[0], where.catalog, where.schema)
    grants.require_on_table(where.user, "SELECT", name, _owner(name, catalog))


def _tree(sql: str) -> Any:
    try:
        tree = sqlglot.parse_one(sql, read="databricks")
    except SqlglotError as error:
        raise SqlError(
            "PARSE_SYNTAX_ERROR", f"The statement does not parse: {error}", "42601"
        ) from error
    if isinstance(tree, exp.Command):
        raise unsupported(f"{tree.name} by a user who is no admin")
    return tree


def _target(tree: Any) -> exp.Table | None:
    """What a statement changes, creates or drops."""
    found = None
    if isinstance(tree, _CHANGES | exp.Create | exp.Alter):
        found = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    elif isinstance(tree, exp.Drop):
        found = tree.this or next(iter(tree.args.get("tables") or ()), None)
    elif isinstance(tree, exp.TruncateTable):
        found = tree.expressions[0]
    return found if isinstance(found, exp.Table) else None


def _require_target(
    tree: Any, target: exp.Table, where: Session, grants: Grants, catalog: Catalog
) -> None:
    kind = str(tree.args.get("kind") or "").upper()
    if kind in ("SCHEMA", "DATABASE"):
        parts = [part.name.lower() for part in target.parts]
        owner = parts[-2] if len(parts) > 1 else where.catalog
        needed = "CREATE SCHEMA" if isinstance(tree, exp.Create) else "MANAGE"
        grants.require(where.user, needed, "CATALOG", owner)
        return
    name = _resolved(target, where)
    if isinstance(tree, exp.Create):
        grants.require(where.user, "USE CATALOG", "CATALOG", name.catalog)
        grants.require(where.user, "CREATE TABLE", "SCHEMA", f"{name.catalog}.{name.schema}")
        if catalog.find(name) is None:
            return
    needed = "MODIFY" if isinstance(tree, _CHANGES | exp.TruncateTable) else "MANAGE"
    grants.require_on_table(where.user, needed, name, _owner(name, catalog))


def _read(tree: Any, target: exp.Table | None, where: Session) -> list[TableName]:
    """Every table that is read: those named, less the target and the names of CTEs."""
    queries = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    return [
        _resolved(table, where)
        for table in tree.find_all(exp.Table)
        if table is not target
        and isinstance(table.this, exp.Identifier)
        and table.db.lower() != "information_schema"
        and not (table.name.lower() in queries and not table.db)
    ]


def _resolved(table: exp.Table, where: Session) -> TableName:
    return resolve([part.name for part in table.parts], where.catalog, where.schema)
