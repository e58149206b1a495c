"""The workspace in process, for tests of REST rooms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rest import Rest, serving


@pytest.fixture
def rest(tmp_path: Path) -> Iterator[Rest]:
    """A fresh workspace; see `rest.Rest`."""
    with serving(tmp_path) as made:
        yield made
