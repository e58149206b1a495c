"""`is_member` and `is_account_group_member`, which only the workspace can answer.

https://docs.databricks.com/aws/en/sql/language-manual/functions/is_account_group_member and
https://docs.databricks.com/aws/en/sql/language-manual/functions/is_member
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot.tokenizer_core import TokenType

from databricks_alerts.local_workspace.warehouse.text import Text, is_column

FUNCTIONS = ("is_member", "is_account_group_member")
# Whether a user is in a group, as a function of FUNCTIONS sees it: function, user, group.
IsMember = Callable[[str, str, str], bool]


@dataclass(frozen=True)
class _Call:
    """A call whose argument is one literal, from its first token on."""

    index: int
    function: str
    group: str


def with_memberships(text: Text, user: str, is_member: IsMember) -> str:
    """The statement with `is_member('group')` and its like as TRUE or FALSE.

    A call whose group is computed stays, for the engine to refuse. A column that is such a call
    alone keeps the name that Databricks gives it.
    """
    pieces, end = [], 0
    for call in _calls(text):
        answer = "true" if is_member(call.function, user, call.group) else "false"
        if is_column(text, call.index, length=4):
            answer += f" AS `{call.function}({call.group.replace('`', '``')})`"
        pieces += [text.sql[end : text.tokens[call.index].start], answer]
        end = text.tokens[call.index + 3].end + 1
    return "".join([*pieces, text.sql[end:]])


def _calls(text: Text) -> Iterator[_Call]:
    shape = [TokenType.L_PAREN, TokenType.STRING, TokenType.R_PAREN]
    for index, token in enumerate(text.tokens):
        if token.text.lower() not in FUNCTIONS or token.token_type is TokenType.STRING:
            continue
        if index and text.tokens[index - 1].token_type is TokenType.DOT:
            continue
        if [item.token_type for item in text.tokens[index + 1 : index + 4]] == shape:
            yield _Call(index, token.text.lower(), text.tokens[index + 2].text)
