"""What Databricks has and Apache Spark lacks is rewritten for it; all else goes as it is."""

from __future__ import annotations

import pytest

from databricks_alerts.local_workspace.warehouse.dialect.translation import FOR_SPARK, translated


@pytest.mark.parametrize(
    ("sql", "sent"),
    [
        ("SELECT iff(a > 1, 'x', 'y') AS v FROM t", "SELECT if(a > 1, 'x', 'y') AS v FROM t"),
        ("SELECT getdate() AS v", "SELECT now() AS v"),
        ("SELECT charindex('a', s, 2) AS v FROM t", "SELECT locate('a', s, 2) AS v FROM t"),
        ("SELECT raw:a.b AS v FROM t", "SELECT get_json_object(raw, '$.a.b') AS v FROM t"),
        ("SELECT parse_json(s):a AS v FROM t", None),
        ("SELECT a / b, sum(c) / count(*) FROM t GROUP BY ALL", None),
        ("SELECT a FROM t WHERE b <> 0 AND a / b > 1", None),
        ("SELECT window(t, '1 hour').start FROM t", None),
        ("SELECT decode(a, 1, 'x'), try_divide(a, b) FROM t", None),
    ],
)
def test_only_what_spark_lacks_is_rewritten(sql: str, sent: str | None) -> None:
    found = translated(sql, lambda _: None, FOR_SPARK, refuses=False).sql
    if "parse_json" in sql:
        assert "variant_get(parse_json(s), '$.a', 'string')" in found
    else:
        assert found == (sent or sql)
