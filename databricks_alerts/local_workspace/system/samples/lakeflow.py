"""Twenty jobs with one task each, run six times a day; some fail."""

from __future__ import annotations

from typing import Any

import numpy as np

from databricks_alerts.local_workspace.system.samples.window import (
    DAY,
    DAYS,
    Numbers,
    Rows,
    Window,
    micros,
    names,
    noise,
    ours,
    person,
)

_JOBS = 20
_STEP = 14_400


def jobs(window: Window) -> Rows:
    """The jobs, made before all that time."""
    numbers = np.arange(_JOBS, dtype=np.int64)
    made = micros(np.full(_JOBS, (window.today - DAYS - 30) * DAY, dtype=np.int64))
    return _JOBS, {
        **ours(),
        "job_id": names("job-{:02}", numbers),
        "name": names("Load {}", numbers),
        "description": names("Loads source {}", numbers),
        "creator_id": names("{}", numbers % 6 + 1),
        "creator_user_name": [person(number % 6) for number in range(_JOBS)],
        "run_as": names("{}", numbers % 6 + 1),
        "run_as_user_name": [person(number % 6) for number in range(_JOBS)],
        "tags": [{"team": f"team-{number % 3}"} if number > 1 else {} for number in range(_JOBS)],
        "trigger": {"schedule": {"quartz_cron_expression": "0 0 0/4 * * ?", "timezone_id": "UTC"}},
        "trigger_type": "CRON",
        "paused": False,
        "create_time": made,
        "change_time": made,
    }


def job_tasks(window: Window) -> Rows:
    """A task a job."""
    made = np.full(_JOBS, (window.today - DAYS - 30) * DAY, dtype=np.int64)
    return _JOBS, {
        **ours(),
        "job_id": names("job-{:02}", range(_JOBS)),
        "task_key": "load",
        "depends_on_keys": [[] for _ in range(_JOBS)],
        "change_time": micros(made),
    }


def job_run_timeline(window: Window) -> Rows:
    """A run a row: each ends within the hour in which it began."""
    slots, job = _finished(window)
    count, values = _runs(window, slots, job)
    return count, {
        **values,
        "run_id": names("run-{}", slots * _JOBS + job),
        "trigger_type": "CRON",
        "run_type": "JOB_RUN",
        "run_name": names("Load {}", job),
        "run_duration_seconds": _seconds(window, slots, job),
        "queue_duration_seconds": 0,
    }


def job_task_run_timeline(window: Window) -> Rows:
    """The one task of each run."""
    slots, job = _finished(window)
    runs = names("run-{}", slots * _JOBS + job)
    count, values = _runs(window, slots, job)
    return count, {
        **values,
        "run_id": names("task-run-{}", slots * _JOBS + job),
        "job_run_id": runs,
        "parent_run_id": runs,
        "task_key": "load",
    }


def _finished(window: Window) -> tuple[Numbers, Numbers]:
    """The slot and the job of each run that came to its end."""
    slots, job = window.slots(_STEP, _JOBS)
    ended = slots * _STEP + 60 * job + _seconds(window, slots, job) < window.end
    return slots[ended], job[ended]


def _runs(window: Window, slots: Numbers, job: Numbers) -> tuple[int, dict[str, Any]]:
    """What job runs and task runs have in common."""
    begins = slots * _STEP + 60 * job
    seconds = _seconds(window, slots, job)
    age = window.today - slots * _STEP // DAY
    failed = ((job == 19) & (age <= 2)) | ((slots * 31 + job * 7) % 41 == 0)
    clusters = names("cluster-{}", job % 6)
    return len(slots), {
        **ours(),
        "job_id": names("job-{:02}", job),
        "period_start_time": micros(begins),
        "period_end_time": micros(begins + seconds),
        "compute_ids": [[cluster] for cluster in clusters],
        "compute": [[{"type": "CLUSTER", "cluster_id": cluster}] for cluster in clusters],
        "result_state": ["FAILED" if item else "SUCCEEDED" for item in failed.tolist()],
        "termination_code": [
            "RUN_EXECUTION_ERROR" if item else "SUCCESS" for item in failed.tolist()
        ],
        "termination_type": ["CLIENT_ERROR" if item else "SUCCESS" for item in failed.tolist()],
        "setup_duration_seconds": 30,
        "execution_duration_seconds": np.maximum(seconds - 40, 0),
        "cleanup_duration_seconds": 10,
    }


def _seconds(window: Window, slots: Numbers, job: Numbers) -> Numbers:
    """How long runs take: those of job-05 lately twice, of job-06 a twentieth of the usual."""
    lately = window.today - slots * _STEP // DAY <= 1
    usual = 600 + 30 * job + noise(slots * _JOBS + job, 20)
    changed = np.where(lately & (job == 5), usual * 2, usual)
    return np.where(lately & (job == 6), usual // 20, changed).astype(np.int64)
