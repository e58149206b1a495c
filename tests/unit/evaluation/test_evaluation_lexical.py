"""Closing a query: semicolons and a last comment go or end, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.dialects.databricks import Databricks

from databricks_alerts.evaluation.lexical import beginning, closed, pieces

# What can stand in a query, each piece with what could be mistaken in it.
CODE = st.sampled_from(
    [
        "SELECT 1 AS v",
        " , 2",
        "\n",
        " FROM t",
        "(SELECT 3)",
        " /*+ BROADCAST(t) */ ",
        " - 1",
        " / 2",
    ]
)
STRINGS = st.sampled_from(
    [
        "'a;b'",
        "'--'",
        "'/*'",
        "'it\\'s;'",
        "'it''s'",
        '"x;--"',
        "r'\\'",
        'R"a;"',
        "'\n;'",
        "'*/'",
        "`a;b`",
        "`--`",
        "`a``;`",
    ]
)
COMMENTS = st.sampled_from(
    [
        "-- x\n",
        "-- it's;\n",
        "--;\n",
        "/* ; */",
        "/* a /* ; */ ' */",
        "/**/",
        "--`\r\n",
        "-- a\\ \n",
    ]
)
ENDINGS = st.lists(
    st.sampled_from([";", " ", "\n", "\t", "-- x\n", "-- it's\n", "/* ; */", "/* a /* b */ */"]),
    max_size=6,
).map("".join)
LAST = st.sampled_from(["", "-- x", "--;", "-- it's", "-- a\\", "/* x */", "--"])


def words(sql: str) -> list[str]:
    """The tokens of a query, without its closing semicolons."""
    found = [token.text for token in Databricks().tokenize(sql)]
    while found and found[-1] == ";":
        found.pop()
    return found


@given(st.lists(st.one_of(CODE, STRINGS, COMMENTS), max_size=8).map(" ".join), ENDINGS, LAST)
def test_a_closed_query_can_stand_between_parentheses(body: str, ending: str, last: str) -> None:
    query = f"SELECT 0 {body} {ending}{last}"
    found = closed(query)
    assert closed(found) == found
    wrapped = f"WITH q AS ({found}) SELECT sum(`v`) FROM q"
    tail = [")", "SELECT", "sum", "(", "v", ")", "FROM", "q"]
    assert words(wrapped) == ["WITH", "q", "AS", "(", *words(query), *tail]


@given(st.text(alphabet="ab;-/*'\"`\\\n r+", max_size=40))
def test_any_text_is_cut_whole_and_closes_once(text: str) -> None:
    cut = list(pieces(text))
    assert "".join(text[piece.start : piece.end] for piece in cut) == text
    assert closed(closed(text)) == closed(text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT 1;", "SELECT 1"),
        ("SELECT 1 ; -- done", "SELECT 1  -- done\n"),
        ("SELECT 1 -- done", "SELECT 1 -- done\n"),
        ("SELECT 1;\n-- done;\n;", "SELECT 1\n-- done;\n"),
        ("SELECT 1 -- carried on\\", "SELECT 1 -- carried on\\ \n"),
        ("SELECT ';' /* ; */;;", "SELECT ';' /* ; */"),
        ("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2"),
        ("SELECT 'not closed ;", "SELECT 'not closed ;"),
        ("-- nothing", "-- nothing\n"),
        (";", ""),
        ("", ""),
    ],
)
def test_what_closing_does(query: str, expected: str) -> None:
    assert closed(query) == expected


@pytest.mark.parametrize("word", ["SELECT 1", "`a`", "'x'", "/*+ hint */ SELECT 1"])
@pytest.mark.parametrize(
    "before", ["", " \n\t", "-- a\n", "/* a */", "/* a /* b */ c */\n-- d \\\n e\n ; ", ";"]
)
def test_a_statement_begins_behind_blanks_and_comments(before: str, word: str) -> None:
    assert beginning(before + word) == len(before)


@pytest.mark.parametrize("text", ["", " \n", "-- a", "/* a /* b */", ";;"])
def test_what_has_no_words_begins_nowhere(text: str) -> None:
    assert beginning(text) == len(text)
