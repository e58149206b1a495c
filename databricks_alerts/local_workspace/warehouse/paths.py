"""Files are read through tables only: what names a path is refused, as Unity Catalog refuses it.

Databricks reads paths by `text.`/path`` and the like, by read_files, COPY INTO, LOCATION, CONVERT
TO DELTA and more, where the user has privileges on an external location. Here nobody has any: the
engine reads with the rights of the process, so a path would open the machine's own files, and other
users' tables past their grants.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.subject import subject_of
from databricks_alerts.local_workspace.warehouse.text import Text

# "Data formats" of Databricks' SQL reference, and what Spark and Sail have beside.
FORMATS = frozenset(
    [
        *("arrow", "avro", "binaryfile", "csv", "delta", "deltasharing", "files", "hudi"),
        *("iceberg", "image", "jdbc", "json", "libsvm", "orc", "parquet", "socket", "text", "xml"),
    ]
)
# Table functions that read no files; whatever else stands in FROM with parentheses is refused.
TABLE_FUNCTIONS = frozenset(
    [
        *("explode", "explode_outer", "inline", "inline_outer", "json_tuple", "posexplode"),
        *("posexplode_outer", "range", "sequence", "sql_keywords", "stack", "unnest"),
        *(
            "variant_explode",
            "variant_explode_outer",
            "collations",
            "generate_series",
            "identifier",
        ),
    ]
)
_READERS = frozenset({"cloud_files", "read_files", "read_kafka", "read_kinesis", "read_pubsub"})
# Words at whose side a path stands.
_STATEMENTS = {("COPY", "INTO"), ("CONVERT", "TO"), ("LOAD", "DATA"), ("LIST",), ("ADD",)}


def require_no_path(text: Text, catalog: Catalog) -> None:
    """Raises SqlError INSUFFICIENT_PERMISSIONS where a statement names a file or a folder."""
    words = tuple(text.words[:2])
    if words in _STATEMENTS or words[:1] in _STATEMENTS:
        raise _no_files()
    for token, following in zip(text.tokens, text.tokens[1:], strict=False):
        _require_no_location(token, following)
    schemas = {name for owner in catalog.catalogs() for name in catalog.schemas(owner)}
    for format_, name in _dotted_pairs(text):
        # A schema of ours may have a format's name; a path is no name of a table even then.
        if "/" in name or ":" in name or format_ not in schemas:
            raise _no_files()
    for name in _table_functions(subject_of(text)):
        if name in _READERS or name in FORMATS or name.startswith("read_"):
            raise _no_files()
        if name not in TABLE_FUNCTIONS:
            raise SqlError(
                "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
                f"Could not resolve `{name}` to a table-valued function. Please make sure that "
                f"`{name}` is defined as a table-valued function and that all required parameters "
                "are provided correctly.",
                "42883",
                analysis=True,
            )


def _require_no_location(token: Token, following: Token) -> None:
    word = token.text.upper()
    quoted = following.token_type is TokenType.STRING
    if token.token_type is TokenType.STRING or not quoted:
        return
    if word in ("LOCATION", "DIRECTORY", "INPATH") or (word == "PATH" and quoted):
        raise _no_files()


def _dotted_pairs(text: Text) -> Iterator[tuple[str, str]]:
    """`format.name` at the beginning of a dotted name where a table may stand."""
    tokens = text.tokens
    for index, token in enumerate(tokens[:-2]):
        before = tokens[index - 1] if index else None
        if before is not None and before.token_type is TokenType.DOT:
            continue
        dot, name = tokens[index + 1], tokens[index + 2]
        if token.text.lower() not in FORMATS or dot.token_type is not TokenType.DOT:
            continue
        path = text.sql[name.start] == "`" and ("/" in name.text or ":" in name.text)
        longer = index + 3 < len(tokens) and tokens[index + 3].token_type is TokenType.DOT
        if path or (_begins_table(before) and not longer):
            yield token.text.lower(), name.text


def _begins_table(before: Token | None) -> bool:
    """Whether a table's name may follow: `text.x` in SELECT is a column of an alias."""
    words = ("FROM", "JOIN", "INTO", "TABLE", "USING", "UPDATE", "DESCRIBE", "DESC", "DETAIL")
    more = ("HISTORY", "OPTIMIZE", "VACUUM", "CLONE", "EXTENDED", "FORMATTED", "OVERWRITE", "ONLY")
    return before is not None and before.text.upper() in (*words, *more)


def _table_functions(sql: str) -> Iterator[str]:
    try:
        tree = sqlglot.parse_one(sql, read="databricks", error_level=ErrorLevel.IGNORE)
    except SqlglotError:
        return
    for table in tree.find_all(exp.Table) if tree is not None else ():
        called = table.this
        if isinstance(called, exp.Anonymous):
            yield str(called.this).lower()
        elif isinstance(called, exp.Func):
            yield called.sql_name().lower()


def _no_files() -> SqlError:
    return SqlError(
        "INSUFFICIENT_PERMISSIONS",
        "Insufficient privileges: User does not have permission SELECT, MODIFY on any file. (The "
        "local workspace has no external locations: put the data into a table.)",
        "42501",
    )
