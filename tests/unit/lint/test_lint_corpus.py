"""Queries as teams write them: which checks speak of them, and which do not."""

from __future__ import annotations

from typing import Any

import pytest

from databricks_alerts.lint import CHECKS, Subject, lint

EVERY_15 = "0 */15 * * * ?"
HOURLY = "0 0 * * * ?"
DAILY = "0 0 8 * * ?"
WEEKDAYS = "0 0 8 ? * MON-FRI"
WEEKLY = "0 0 8 ? * MON"


def subject(query: str, **more: Any) -> Subject:
    """A rule that compares `n` of the first row with 10, hourly, unless it says otherwise."""
    given: dict[str, Any] = {
        "key": "R",
        "place": "rules.yaml:1",
        "template": query,
        "query": query,
        "column": "n",
        "aggregation": None,
        "operator": ">",
        "value": 10,
        "schedule": HOURLY,
        "time_zone": "UTC",
    }
    return Subject(**{**given, **more})


def codes(query: str, **more: Any) -> list[str]:
    return [item.code for item in lint([subject(query, **more)])]


COUNT = "SELECT count(*) AS n FROM c.s.t"

FOUND: list[tuple[str, str, dict[str, Any]]] = [
    # thresholds that the query applies
    ("L002", "SELECT cost AS n FROM c.s.t WHERE cost > 10 ORDER BY 1", {}),
    ("L002", "SELECT t.cost AS n FROM c.s.t AS t WHERE 10 < cost AND x = 1 ORDER BY 1", {}),
    ("L002", "SELECT cost AS n FROM c.s.t WHERE (cost >= 11) ORDER BY 1", {}),
    ("L002", "SELECT count(*) AS n FROM c.s.t GROUP BY x HAVING count(*) > 10 ORDER BY 1", {}),
    ("L002", "SELECT count(*) AS n FROM c.s.t GROUP BY x HAVING n > 20", {"aggregation": "MAX"}),
    ("L002", "SELECT max(cost) AS n FROM c.s.t WHERE cost > 10", {}),
    ("L002", "SELECT n FROM (SELECT count(*) AS n FROM c.s.t) WHERE n > 10", {}),
    ("L002", "WITH a AS (SELECT c AS n FROM c.s.t WHERE c > 10) SELECT n FROM a ORDER BY 1", {}),
    ("L002", "SELECT n FROM c.s.t WHERE n < -1 ORDER BY 1", {"operator": "<", "value": 0}),
    ("L002", "SELECT n FROM c.s.t WHERE n = 'bad' ORDER BY 1", {"operator": "=", "value": "bad"}),
    ("L002", "SELECT n FROM c.s.t WHERE n ORDER BY 1", {"operator": "=", "value": True}),
    ("L002", "SELECT n FROM c.s.t WHERE n IS NOT NULL ORDER BY 1",
     {"operator": "IS NOT NULL", "value": None}),
    ("L002", "SELECT n FROM c.s.t WHERE n IS NULL ORDER BY 1",
     {"operator": "IS NULL", "value": None}),
    # chance
    ("L003", "SELECT count(*) AS n FROM c.s.t WHERE rand() < 0.1", {}),
    ("L003", "SELECT count(*) AS n FROM c.s.t TABLESAMPLE (10 PERCENT)", {}),
    ("L003", "SELECT max(uuid()) AS n FROM c.s.t", {"operator": "=", "value": "x"}),
    ("L003", "SELECT count(shuffle(array(1, 2))) AS n FROM c.s.t", {}),
    ("L004", "SELECT sum(x) AS n FROM (SELECT x FROM c.s.t LIMIT 100)", {}),
    ("L004", "SELECT x AS n FROM c.s.t LIMIT 1", {}),
    ("L004", "WITH a AS (SELECT x FROM c.s.t ORDER BY x) SELECT x AS n FROM a LIMIT 1", {}),
    ("L004", "SELECT sum(x) AS n FROM (SELECT x FROM t UNION ALL SELECT y FROM u LIMIT 5)", {}),
    ("L005", "SELECT x AS n FROM c.s.t", {}),
    ("L005", "SELECT count(*) AS n FROM c.s.t GROUP BY x", {}),
    ("L005", "SELECT sum(x) OVER (PARTITION BY y) AS n FROM c.s.t", {}),
    ("L005", "SELECT explode(array(1, 2)) AS n", {}),
    # schedules finer than the data
    ("L006", f"{COUNT} WHERE d = date_sub(current_date(), 1)", {"schedule": HOURLY}),
    ("L006", f"{COUNT} WHERE d BETWEEN current_date() - 7 AND current_date() - 1", {}),
    ("L006", f"{COUNT} WHERE ts >= current_date() - INTERVAL 7 DAYS AND ts < current_date()", {}),
    ("L006", f"{COUNT} WHERE ts >= date_trunc('HOUR', now()) - INTERVAL 3 HOURS "
     "AND ts < date_trunc('HOUR', now())", {"schedule": "0 */5 * * * ?"}),
    # windows that miss what comes late, or more
    ("L007", f"{COUNT} WHERE ts > current_timestamp() - INTERVAL 15 MINUTES",
     {"schedule": EVERY_15}),
    ("L007", f"{COUNT} WHERE ts > now() - INTERVAL '15' MINUTE AND ts <= now()",
     {"schedule": EVERY_15}),
    ("L007", f"{COUNT} WHERE timestampadd(MINUTE, -5, now()) < ts", {"schedule": EVERY_15}),
    ("L007", f"{COUNT} WHERE d = current_date()", {"schedule": DAILY}),
    ("L007", f"{COUNT} WHERE d = current_date() - 1", {"schedule": WEEKDAYS}),
    ("L007", f"{COUNT} WHERE d = current_date() - 1", {"schedule": "0 5 0 * * ?"}),
    ("L007", f"{COUNT} WHERE ts >= dateadd(DAY, -7, now())", {"schedule": WEEKLY}),
    ("L007", f"{COUNT} WHERE ts BETWEEN add_months(current_date(), -1) AND current_date()",
     {"schedule": "0 0 8 1 */3 ?"}),
    # comments
    ("L000", f"{COUNT} -- alerts: ignore L001 nothing of the kind", {}),
    ("L000", f"{COUNT} -- alerts: ignore L999 why", {}),
    ("L000", f"{COUNT} -- alerts: ignore because I say so", {}),
]  # fmt: skip

CLEAN: list[tuple[str, dict[str, Any]]] = [
    (COUNT, {}),
    ("SELECT count(*) AS n FROM c.s.t WHERE cost > 10", {}),  # what is counted is not the count
    ("SELECT sum(cost) AS n FROM c.s.t WHERE cost > 10", {}),
    ("SELECT cost AS n FROM c.s.t WHERE cost > 0 ORDER BY 1", {}),  # weaker than the threshold
    ("SELECT cost AS n FROM c.s.t WHERE cost < 100 ORDER BY 1", {}),
    ("SELECT cost AS n FROM c.s.t WHERE cost > 10 ORDER BY 1", {"aggregation": "SUM"}),
    ("SELECT count(*) AS cost FROM c.s.t WHERE cost > 10", {"column": "cost"}),
    ("SELECT cost AS n FROM c.s.t WHERE cost > 10 OR x ORDER BY 1", {}),
    ("SELECT n FROM c.s.t WHERE n = 'x' ORDER BY 1", {"operator": "=", "value": "y"}),
    ("SELECT 'rand()' AS a, count(*) AS n FROM c.s.t -- rand()", {}),
    ("SELECT max(t.rand) AS n FROM c.s.t", {}),
    ("SELECT x AS n FROM c.s.t ORDER BY x LIMIT 1", {}),
    ("SELECT count(*) AS n FROM c.s.t LIMIT 1", {}),
    ("SELECT 1 AS n FROM c.s.t LIMIT 1", {}),
    ("SELECT count(*) AS n FROM c.s.t AS t WHERE EXISTS (SELECT x FROM c.s.u LIMIT 1)", {}),
    ("SELECT x AS n FROM c.s.t", {"aggregation": "MAX"}),
    ("WITH a AS (SELECT max(x) AS x FROM c.s.t) SELECT x AS n FROM a", {}),
    ("WITH a AS (SELECT max(x) AS x FROM c.s.t), b AS (SELECT x FROM a) "
     "SELECT a.x - b.x AS n FROM a CROSS JOIN b", {}),
    ("SELECT 1 AS n", {}),
    (f"{COUNT} WHERE d = current_date() - 1", {"schedule": DAILY}),
    (f"{COUNT} WHERE d = current_date() - 1", {"schedule": "0 0 8,14 * * ?"}),
    (f"{COUNT} WHERE d >= current_date() - 1", {"schedule": HOURLY}),
    (f"{COUNT} WHERE ts > now() - INTERVAL 1 HOUR", {"schedule": EVERY_15}),
    (f"{COUNT} WHERE ts > now() - INTERVAL 30 MINUTES AND d >= current_date() - 1",
     {"schedule": EVERY_15}),
    (f"{COUNT} WHERE d >= current_date() - 3", {"schedule": WEEKDAYS}),
    # what cannot be told is not blamed
    (f"{COUNT} WHERE timestampdiff(MINUTE, ts, now()) < 15", {"schedule": EVERY_15}),
    (f"{COUNT} WHERE ts > now() - INTERVAL 15 MINUTES OR late", {"schedule": EVERY_15}),
    (f"{COUNT} WHERE ts > now() - make_interval(0, 0, 0, 0, 0, 15)", {"schedule": EVERY_15}),
    (f"{COUNT} WHERE ts > (SELECT max(ts) FROM c.s.u) - INTERVAL 15 MINUTES",
     {"schedule": EVERY_15}),
    (f"{COUNT} WHERE d = '2026-01-01'", {"schedule": HOURLY}),
    # a short window beside the long one that it is compared with
    ("WITH a AS (SELECT avg(x) AS x FROM c.s.t WHERE ts > now() - INTERVAL 7 DAYS), "
     "b AS (SELECT max(x) AS x FROM c.s.t WHERE ts > now() - INTERVAL 15 MINUTES) "
     "SELECT b.x / a.x AS n FROM a CROSS JOIN b", {"schedule": EVERY_15}),
    # whole days of one table, beside one that changes at any time
    ("WITH a AS (SELECT count(*) AS x FROM c.s.t WHERE d = current_date() - 1), "
     "b AS (SELECT count(*) AS x FROM c.s.u) SELECT a.x - b.x AS n FROM a CROSS JOIN b", {}),
    ("FROM c.s.t |> AGGREGATE count(*) AS n", {}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "query", "more"), FOUND)
def test_what_is_most_likely_not_meant_is_found(
    code: str, query: str, more: dict[str, Any]
) -> None:
    assert codes(query, **more) == [code]


@pytest.mark.parametrize(("query", "more"), CLEAN)
def test_what_is_meant_is_left_alone(query: str, more: dict[str, Any]) -> None:
    assert codes(query, **more) == []


def test_the_corpus_has_every_code_that_speaks_of_one_rule() -> None:
    alone = {check.code for check in CHECKS} - {"L001"} | {"L000"}
    assert {code for code, _, _ in FOUND} == alone
