"""What a domain and an e-mail address may look like: the one place that says so."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator

# The domains of the packs that come along; a team may use any other word.
DOMAINS = ("COST", "SECURITY", "PERFORMANCE", "RELIABILITY", "QUALITY")

# Good enough to tell an address from a misspelt destination; the mail server has the last word.
# A domain is two or more labels (RFC 1035, internationalized ones too), so `a@b.c.` is none.
_LABEL = r"[^\W_](?:[\w-]*[^\W_])?"
_ADDRESS = re.compile(rf"[^@\s<>\"',;]+@{_LABEL}(?:\.{_LABEL})+")
_DATABRICKS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Control characters, and the separators of lines and paragraphs: they break one-line reports.
_BREAKING = frozenset({"Cc", "Zl", "Zp"})


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address."""
    return _ADDRESS.fullmatch(text) is not None


def is_databricks_id(channel: str) -> bool:
    """Whether a channel has the form of a destination's Databricks id, a UUID."""
    return _DATABRICKS_ID.fullmatch(channel) is not None


def same_address(text: str) -> str:
    """An address in the spelling by which it is compared: case and surrounding spaces dropped."""
    return text.strip().casefold()


def domain(text: str) -> str:
    """A domain without surrounding spaces; its case is kept. Raises ValueError if it is no word."""
    word = text.strip()
    kinds = {unicodedata.category(character) for character in word}
    if not any(kind[0] in "LNPS" for kind in kinds):
        raise ValueError("agent_domain is blank; give it a word, such as COST or FINOPS")
    if kinds & _BREAKING:
        raise ValueError(f"agent_domain is {text!r}: a domain stands on one line")
    return word


Domain = Annotated[str, AfterValidator(domain)]
