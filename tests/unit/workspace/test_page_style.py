"""The style sheet: contrast in light and dark (WCAG 2.2, 1.4.3), nothing from outside."""

from __future__ import annotations

import re
from importlib import resources

import pytest

CSS = (
    resources.files("databricks_alerts.local_workspace.page")
    .joinpath("templates/style.css")
    .read_text()
)
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\n *\}", CSS, re.DOTALL)
)
PAIRS = [
    *((name, f"{name}-paper") for name in ("bad", "good", "odd", "calm")),
    *((name, paper) for name in ("ink", "soft", "link") for paper in ("paper", "card")),
    *((name, "card") for name in ("word", "text", "digit", "note")),
    ("paper", "link"),  # the first button
]


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_the_standard_has_it() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), PAIRS)
def test_texts_can_be_read(colours: dict[str, str], front: str, back: str) -> None:
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("mark", ["bad", "odd", "link", "soft", "ink"])
def test_marks_and_outlines_can_be_seen(colours: dict[str, str], mark: str) -> None:
    assert contrast(colours[mark], colours["paper"]) >= 3


def test_both_schemes_have_every_colour_that_is_used() -> None:
    used = set(re.findall(r"var\(--([a-z-]+)\)", CSS))
    assert used <= LIGHT.keys() == DARK.keys()


def test_nothing_is_fetched() -> None:
    assert not re.search(r"url\(|@import|https?:", CSS)
