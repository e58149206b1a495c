"""What in a query answers by chance: the same data, another answer each time."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from databricks_alerts.validation.statement import Statement

_RANDOM = {
    *("rand", "random", "randn", "randstr", "uniform", "uuid", "shuffle"),
    *("monotonically_increasing_id", "spark_partition_id", "input_file_name"),
}


def chances(statement: Statement) -> list[str]:
    """The calls (`rand()`) and clauses, each once, in the order in which they stand."""
    tokens = statement.tokens
    names = []
    for index, token in enumerate(tokens[:-1]):
        called = tokens[index + 1].token_type is TokenType.L_PAREN
        text = token.token_type in (TokenType.STRING, TokenType.IDENTIFIER)
        qualified = index > 0 and tokens[index - 1].token_type is TokenType.DOT
        if called and not text and not qualified and token.text.lower() in _RANDOM:
            names.append(f"{token.text.lower()}()")
    samples = statement.tree.find_all(exp.TableSample) if statement.tree is not None else ()
    if any(map(_is_random_sample, samples)):
        names.append("TABLESAMPLE")
    return list(dict.fromkeys(names))


def _is_random_sample(sample: exp.TableSample) -> bool:
    return sample.args.get("seed") is None and sample.args.get("bucket_numerator") is None
