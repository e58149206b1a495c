"""`column:path`, a field of a JSON text or of a VARIANT.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-json-path-expression
"""

from __future__ import annotations

import re

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import call, called, written

_PLAIN = re.compile(r"[A-Za-z_]\w*")
_VARIANT_CALLS = frozenset({"parse_json", "try_parse_json", "variant_get", "to_variant_object"})


def rewrite(query: Rewriting) -> bool:
    """A call of get_json_object, or of variant_get."""
    found = False
    for node in list(query.tree.find_all(exp.JSONExtract)):
        way = _path(node.expression) if node.args.get("variant_extract") else ""
        if not way:
            continue
        base, keys = node.this.copy(), exp.Literal.string(way)
        if not _is_variant(node.this, query):
            put(node, call("get_json_object", base, keys))
        else:
            cast = node.parent
            kind = written(cast.to).lower() if isinstance(cast, exp.Cast) else "string"
            whole = cast if isinstance(cast, exp.Cast) else node
            put(whole, call("variant_get", base, keys, exp.Literal.string(kind)))
        found = True
    return found


def _is_variant(base: exp.Expr, query: Rewriting) -> bool:
    if called(base) in _VARIANT_CALLS:
        return True
    kind = query.kind(base)
    return kind is not None and kind.is_type(exp.DType.VARIANT)


def _path(steps: exp.Expr) -> str:
    """The path as get_json_object takes it; empty for what it does not take."""
    told = "$"
    for step in steps.expressions:
        if isinstance(step, exp.JSONPathRoot):
            continue
        if isinstance(step, exp.JSONPathKey) and isinstance(step.this, str):
            plain = _PLAIN.fullmatch(step.this)
            told += f".{step.this}" if plain else f"['{step.this}']"
        elif isinstance(step, exp.JSONPathSubscript) and isinstance(step.this, int):
            told += f"[{step.this}]"
        elif isinstance(step, exp.JSONPathSubscript | exp.JSONPathWildcard):
            told += "[*]"
        else:
            return ""
    return told
