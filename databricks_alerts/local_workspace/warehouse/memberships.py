"""`is_member` and `is_account_group_member`, which only the workspace can answer.

https://docs.databricks.com/aws/en/sql/language-manual/functions/is_account_group_member and
https://docs.databricks.com/aws/en/sql/language-manual/functions/is_member
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot.tokenizer_core import TokenType

from databricks_alerts.local_workspace.warehouse.text import Call, Text, calls, with_calls

FUNCTIONS = ("is_member", "is_account_group_member")
# Whether a user is in a group, as a function of FUNCTIONS sees it: function, user, group.
IsMember = Callable[[str, str, str], bool]


def with_memberships(text: Text, user: str, is_member: IsMember) -> str:
    """The statement with `is_member('group')` and its like as TRUE or FALSE.

    A call whose group is computed stays, for the engine to refuse. A column that is such a call
    alone keeps the name that Databricks gives it.
    """

    def put(call: Call) -> tuple[str, str]:
        group = call.tokens[2].text
        answer = is_member(call.function, user, group)
        return "true" if answer else "false", f"{call.function}({group})"

    return with_calls(text, calls(text, FUNCTIONS, TokenType.STRING), put)
