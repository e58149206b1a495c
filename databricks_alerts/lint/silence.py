"""Comments in a query that silence checks: `-- alerts: ignore L003, L004 why`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from databricks_alerts.evaluation.lexical import pieces

_IGNORE = re.compile(
    r"alerts:\s*ignore\b[ \t]*(?P<codes>(?:L\d+(?:\s*,\s*L\d+)*)?)[ \t:]*(?P<reason>[^\r\n]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Ignore:
    """One such comment: the codes that it names, and the reason that it gives."""

    codes: tuple[str, ...]
    reason: str
    text: str


def ignores_of(query: str) -> Iterator[Ignore]:
    """The comments of a query that silence something; what stands in strings is none."""
    for piece in pieces(query):
        if piece.kind not in ("comment", "line comment"):
            continue
        for found in _IGNORE.finditer(query, piece.start, piece.end):
            codes = re.findall(r"L\d+", found["codes"].upper())
            reason = found["reason"].removesuffix("*/").strip()
            yield Ignore(tuple(codes), reason, found[0].removesuffix("*/").strip())
