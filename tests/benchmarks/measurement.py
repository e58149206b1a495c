"""A measurement and its bar."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measurement:
    """What was measured, in its unit, and the bar that it must not exceed."""

    name: str
    value: float
    bar: float
    unit: str = "s"

    @property
    def within(self) -> bool:
        """Whether the bar holds."""
        return self.value <= self.bar


def report(name: str, value: float, bar: float, unit: str = "s") -> Measurement:
    """Print one line and keep it."""
    made = Measurement(name, value, bar, unit)
    ratio = value / bar if bar else float(value > 0)
    word = "ok  " if made.within else "MISS"
    print(
        f"{word} {name:<58} {value:>9.2f} {unit:<5} bar {bar:>7.2f}  ratio {ratio:.2f}", flush=True
    )
    return made
