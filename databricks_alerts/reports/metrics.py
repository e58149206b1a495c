"""Prometheus' text format (prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Metric:
    """A gauge and its samples: labels and value."""

    name: str
    about: str
    samples: list[tuple[dict[str, str], float]] = field(default_factory=list)

    def text(self) -> str:
        """As a scraper reads it."""
        lines = [f"# HELP {self.name} {self.about}", f"# TYPE {self.name} gauge"]
        for labels, value in self.samples:
            inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            lines.append(f"{self.name}{{{inside}}} {value:.15g}")
        return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
