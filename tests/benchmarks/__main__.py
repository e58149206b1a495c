"""`make bench`: one line a measurement, with its bar and the ratio to it (below 1 is within)."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "integration")]

from tests.benchmarks import (  # noqa: E402 - after the path is set
    both_engines,
    engine_speed,
    evaluation_speed,
    main_job,
    memory,
    plugin_speed,
    workspace_speed,
)


def main() -> int:
    """Run every benchmark; exit status 1 if one misses its bar."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        measurements = [
            item
            for measure in (
                main_job.measure,
                main_job.measure_far_away,
                workspace_speed.measure,
                evaluation_speed.measure,
                engine_speed.measure,
                both_engines.measure,
                memory.measure,
                plugin_speed.measure,
            )
            for item in measure(Path(folder))
        ]
    return 0 if all(item.within for item in measurements) else 1


if __name__ == "__main__":
    sys.exit(main())
