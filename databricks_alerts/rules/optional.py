"""The columns of a rule that say what a stack's settings or Databricks' defaults say otherwise.

Each reader takes a column's text and raises ValueError for what it cannot be.
"""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator

# NULL and blank are the same in these: "as the stack says", or none.
OPTIONAL = (
    "threshold_value_column",
    "threshold_value_aggregation",
    "template_format",
    "parameters",
    "warehouse_id",
    "folder",
    "run_as",
    "runbook_url",
)
_LIST = '[{"name": "days", "type": "NUMBER", "value": "7"}]'
_KEYS = ("name", "type", "value")


def read_parameters(text: str) -> list[dict[str, str]]:
    """The API's list of parameters. Raises ValueError."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"parameters is not JSON ({error}); write a list like {_LIST}") from error
    if not isinstance(items, list):
        raise ValueError(  # noqa: TRY004 - pydantic takes no other for a finding
            f"parameters is no JSON list; write one like {_LIST}"
        )
    found = [_parameter(item) for item in items]
    names = [item["name"] for item in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"parameters has {', '.join(twice)} twice: keep one of each name")
    return found


def _parameter(item: Any) -> dict[str, str]:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or not item["name"]:
        raise ValueError(f"parameters has an item without a name; write a list like {_LIST}")
    unknown = sorted(set(item) - set(_KEYS))
    if unknown:
        raise ValueError(
            f"parameters: {item['name']} has {', '.join(unknown)}; known are {', '.join(_KEYS)}"
        )
    for key in ("type", "value"):
        if not isinstance(item.get(key, ""), str):
            raise ValueError(  # noqa: TRY004 - as above
                f"parameters: {key} of {item['name']} is no text; put it in quotes"
            )
    return {key: item[key] for key in _KEYS if key in item}


def _parameters(text: str) -> str:
    read_parameters(text)
    return text


def _folder(text: str) -> str:
    """Names of folders by slashes; a folder stays below parentPath."""
    parts = text.split("/")
    if text.startswith("/"):
        raise ValueError(f"folder is {text!r}: name one below parentPath, without the first slash")
    if any(part.strip() in ("", ".", "..") or part != part.strip() for part in parts):
        raise ValueError(f"folder is {text!r}: write names by single slashes, such as team/finops")
    if not text.isprintable():
        raise ValueError(f"folder is {text!r}: a name has no control characters")
    return text


def checked_url(text: str) -> str:
    """The text. Raises ValueError for what is no URL of the web."""
    try:
        address = urlsplit(text)
        whole = address.scheme in ("http", "https") and bool(address.hostname)
    except ValueError:
        whole = False
    if not whole or any(character.isspace() for character in text):
        raise ValueError(f"runbook_url is {text[:80]!r}: write a URL that begins with https://")
    return text


Parameters = Annotated[str, AfterValidator(_parameters)]
Folder = Annotated[str, AfterValidator(_folder)]
Url = Annotated[str, AfterValidator(checked_url)]
