"""`make bench`: one line a measurement, with its bar and the ratio to it (below 1 is within)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "integration")]

from tests.benchmarks import engine_speed, evaluation_speed, main_job  # noqa: E402 - after the path is set


def main() -> int:
    """Run every benchmark; exit status 1 if one misses its bar."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measurements = [
            item
            for bench in (main_job, engine_speed, evaluation_speed)
            for item in bench.measure(Path(folder))
        ]
    return 0 if all(item.within for item in measurements) else 1


if __name__ == "__main__":
    sys.exit(main())
