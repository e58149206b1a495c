"""Alerts as people and tools make them: bodies for POST /api/2.0/alerts.

The plain ones say what rows can say; of the odd ones each has one field that is seldom so, and the
API may refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Body = dict[str, Any]

AGGREGATIONS = [
    None,
    None,
    "SUM",
    "COUNT",
    "COUNT_DISTINCT",
    "AVG",
    "MEDIAN",
    "MIN",
    "MAX",
    "STDDEV",
]
COMPARISONS = [
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
    "EQUAL",
    "NOT_EQUAL",
    "IS_NULL",
    "IS_NOT_NULL",
]
TEXTS = st.sampled_from(
    ["it's `x` 😀", "{{ALERT_NAME}}", "**{{nobody}}**", "a\n\n b\\n", '"\t', "<b>&amp;</b>", "0"]
)
ODD_TEXTS = ["", " ", "${x}", "$${x}", "\u2028", "\x00", "\ud800", "x" * 70_000, "NULL", "\r\n a"]
QUERIES = st.sampled_from(
    [
        "SELECT 11 AS v, 10 AS least",
        "SELECT 11 AS v,\n 'a\\'b' AS least",
        "SELECT 11.5 AS v, DATE'2026-01-01' AS least -- a; comment\n",
        "WITH a AS (SELECT 1 AS v) SELECT v, v AS least FROM a",
    ]
)
ODD_QUERIES = [
    "  SELECT 11 AS v, 10 AS least -- ends here",
    "SELECT 11 AS v, 10 AS least;",
    "SELECT 11 AS v,\r\n 10 AS least",
    "\ufeffSELECT 11 AS v, 10 AS least",
    "SELECT '${x}' AS v, '{{y}}' AS least",
    "SELECT '${catalog}' AS v, 1 AS least",
    "SELECT :n AS v, 10 AS least",
    "SELECT no_such AS v",
    "SELECT 1 AS v; SELECT 2 AS v",
    "not SQL at all",
    " ",
]
PARAMETER = st.fixed_dictionaries(
    {"name": st.sampled_from(["n", "m"])},
    optional={
        "type": st.sampled_from(["NUMBER", "STRING"]),
        "value": st.sampled_from(["1", "it's", ""]),
    },
)


def _column(name: str) -> st.SearchStrategy[Body]:
    return st.fixed_dictionaries(
        {"name": st.just(name)}, optional={"aggregation": st.sampled_from(AGGREGATIONS)}
    )


VALUES: st.SearchStrategy[Body] = st.one_of(
    st.fixed_dictionaries({"double_value": st.one_of(st.floats(-1e9, 1e9), st.integers(-9, 99))}),
    st.fixed_dictionaries({"string_value": TEXTS}),
    st.fixed_dictionaries({"bool_value": st.booleans()}),
)
ODD_NUMBERS = [1e308, 5e-324, -0.0, 2**53 + 1, 2**63, 10**400, True]


@st.composite
def plain(draw: st.DrawFn, home: str, me: str, destinations: list[str]) -> Body:
    """An alert that a row can say."""
    operator = draw(st.sampled_from(COMPARISONS))
    theirs = {"destination_id": draw(st.sampled_from(destinations))}
    mail = {"user_email": "a@b.example"}
    subscribed = st.sampled_from([[], [mail], [theirs], [mail, theirs]])
    evaluation: Body = {
        "source": draw(_column("v")),
        "comparison_operator": operator,
        "notification": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "notify_on_ok": st.booleans(),
                    "retrigger_seconds": st.sampled_from([0, 1, 86400]),
                    "subscriptions": subscribed,
                },
            )
        ),
        "empty_result_state": draw(st.sampled_from([None, "OK", "TRIGGERED", "ERROR", "UNKNOWN"])),
    }
    if not operator.startswith("IS_"):
        evaluation["threshold"] = draw(
            st.one_of(
                VALUES.map(lambda value: {"value": value}),
                _column("least").map(lambda column: {"column": column}),
            )
        )
    optional: dict[str, st.SearchStrategy[Any]] = {
        "custom_summary": TEXTS,
        "custom_description": TEXTS,
        "custom_template_format": st.sampled_from(["HTML", "MARKDOWN"]),
        "parameters": st.lists(PARAMETER, max_size=2, unique_by=lambda item: item["name"]),
        "run_as": st.just({"user_name": me}),
    }
    return {
        "display_name": draw(st.sampled_from(["[CRITICAL] ", "[INFO] ", "[WARNING] ", ""]))
        + draw(st.sampled_from(["one", "it's `two`", "three ☂"])),
        "query_text": draw(QUERIES),
        "parent_path": home + draw(st.sampled_from(["", "", "/team", "/team/deep down"])),
        "evaluation": evaluation,
        "schedule": {
            "quartz_cron_schedule": draw(st.sampled_from(["0 0 8 * * ?", "0 0/5 * ? * MON-FRI"])),
            "timezone_id": draw(st.sampled_from(["UTC", "Europe/Berlin"])),
            "pause_status": draw(st.sampled_from([None, "PAUSED", "UNPAUSED"])),
        },
        **draw(st.fixed_dictionaries({}, optional=optional)),
    }


def _put(body: Body, path: str, value: Any) -> None:
    *parents, leaf = path.split(".")
    for name in parents:
        inner = body.get(name)
        body[name] = dict(inner) if isinstance(inner, dict) else {}
        body = body[name]
    body[leaf] = value


def odd_fields(home: str, me: str, destination: str) -> dict[str, list[Any]]:
    """By a field's path: what it seldom is, and what no row says."""
    mail = [{"user_email": address} for address in ("A@b.example", "a@b.example", "odd@host")]
    channel = {"destination_id": destination}
    return {
        "display_name": [
            "[INFO]",
            "[INFO] ",
            "[info] x",
            " ",
            " a",
            "a/b",
            "two\nlines",
            "x" * 999,
            "twin",
            "[WARNING] twin",
            "[WARNING] [WARNING] twin",
            "\u202e",
            "é",
            "e\u0301",
        ],
        "query_text": ODD_QUERIES,
        "custom_summary": ODD_TEXTS,
        "custom_description": ODD_TEXTS,
        "custom_template_format": [None, "", "TEXT"],
        "parameters": [
            [],
            [{"name": "n", "type": "", "value": 7}],
            [{"name": "n", "value": None}],
            [{"name": "n", "value": True}],
            [{"name": " "}],
            [{"name": "n"}, {"name": "N"}],
        ],
        "parent_path": [home + "-outside", home + "//team/", home + "/team/../team", home[:-1]],
        "run_as": [{"service_principal_name": me}, {"user_name": ""}, {}, None],
        "warehouse_id": [" ", "of-another", "x'y"],
        "evaluation.source": [
            {"name": "v", "aggregation": None},
            {"name": "v", "aggregation": ""},
            {"name": "v", "aggregation": "FIRST"},
            {"name": "v", "display": "v"},
            {"name": "v", "display": "shown"},
            {"name": "v", "display": ""},
            *({"name": name} for name in ["absent", "V", " v", "v ", "a.b", *ODD_TEXTS]),
        ],
        "evaluation.threshold": [
            *({"value": {"double_value": number}} for number in ODD_NUMBERS),
            *({"value": {"string_value": text}} for text in ODD_TEXTS),
            {"column": {"name": "least", "display": "shown"}},
            {"column": {"name": " "}},
            {"column": {"name": "least"}, "value": None},
            {"value": {"double_value": 1, "string_value": None}},
            {"value": {}},
            None,
        ],
        "evaluation.empty_result_state": [None, "", "NONE"],
        "evaluation.notification": [None, {}],
        "evaluation.notification.notify_on_ok": [None, 1],
        "evaluation.notification.retrigger_seconds": [None, 2**31 - 1, 2**31, 2**40, 2**70, 1.0],
        "evaluation.notification.subscriptions": [
            None,
            [channel, channel],
            [mail[0], mail[1]],
            [mail[2]],
            [{"destination_id": "x" * 36}],
            [{"user_email": "a@b.example", "destination_id": None}],
        ],
        "schedule.quartz_cron_schedule": [
            "0 0 8 * * ? 2099",
            "0 0 8 * * ? 1999",
            " 0  0 8 * * ?",
            "0 0 8 ? * 2#1",
            "0 0 8 L * ?",
        ],
        "schedule.timezone_id": ["Z", "EST", "europe/berlin", "Etc/GMT+5", " UTC"],
        "schedule.pause_status": [None, "", "paused"],
    }


def odd(home: str, me: str, destination: str) -> Iterator[Body]:
    """An otherwise plain alert for each odd value of each field."""
    for path, values in odd_fields(home, me, destination).items():
        for value in values:
            body: Body = {
                "display_name": f"[INFO] odd {path}",
                "query_text": "SELECT 11 AS v, 10 AS least",
                "parent_path": home,
                "evaluation": {
                    "source": {"name": "v"},
                    "comparison_operator": "GREATER_THAN",
                    "threshold": {"value": {"double_value": 1.5}},
                    "notification": {"subscriptions": [{"user_email": "a@b.example"}]},
                },
                "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
            }
            inner = body
            *parents, leaf = path.split(".")
            for name in parents:
                inner = inner[name]
            inner[leaf] = value
            yield body
