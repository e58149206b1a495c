"""The package's dependencies and the pins of requirements.txt are one set."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    requirement.name.lower(): requirement
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if (text := line.split("#")[0].strip()) and not text.startswith("-")
    for requirement in [Requirement(text)]
}
RANGES = [
    Requirement(text)
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["local"]]
]


def test_each_dependency_is_pinned_and_each_pin_is_a_dependency() -> None:
    # pyarrow comes as an extra of the connector, and is named alone to be pinned.
    assert {range_.name.lower() for range_ in RANGES} == set(PINS) - {"pyarrow"}


@pytest.mark.parametrize("range_", RANGES, ids=lambda range_: range_.name)
def test_what_is_pinned_is_within_what_the_package_takes(range_: Requirement) -> None:
    [pin] = PINS[range_.name.lower()].specifier
    assert pin.operator == "=="
    assert range_.specifier.contains(pin.version)
    assert range_.extras == PINS[range_.name.lower()].extras
