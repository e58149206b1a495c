"""What the platform costs: usage records at list prices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np

from databricks_alerts.local_workspace.ids import WAREHOUSE_ID
from databricks_alerts.local_workspace.system.samples.window import (
    DAY,
    DAYS,
    Rows,
    Window,
    days,
    micros,
    names,
    noise,
    ours,
)

_PER_DBU = {
    "PREMIUM_JOBS_COMPUTE": Decimal("0.15"),
    "PREMIUM_ALL_PURPOSE_COMPUTE": Decimal("0.55"),
    "PREMIUM_SQL_PRO_COMPUTE": Decimal("0.55"),
}
_SKUS = ["PREMIUM_JOBS_COMPUTE"] * 12 + ["PREMIUM_ALL_PURPOSE_COMPUTE", "PREMIUM_SQL_PRO_COMPUTE"]
_PRODUCTS = ["JOBS"] * 12 + ["ALL_PURPOSE", "SQL"]
_JOBS = [f"job-{number:02}" for number in range(11)] + ["nightly-load", None, None]
_UNTAGGED = (0, 1, 12)


def usage(window: Window) -> Rows:
    """Fourteen things that cost, each one record a day: twelve jobs, a cluster, a warehouse."""
    day, item = window.slots(DAY, 14)
    cost = np.select([item == 11, item == 12, item == 13], [560, 420, 300], 20 + 10 * item)
    cost = np.where((item == 13) & (day == window.today), 1700, cost)
    cost = cost * np.where((item == 4) & (day == window.today - 1), 5, 1)
    cost = cost * (1 + (noise(day * 14 + item, 7) - 3) / 200)
    items = item.tolist()
    skus = [_SKUS[number] for number in items]
    prices = np.array([float(_PER_DBU[sku]) for sku in skus])
    runs = [
        f"run-{number}-{on}" if number <= 11 else None
        for number, on in zip(items, day.tolist(), strict=True)
    ]
    return len(items), {
        **ours(),
        "record_id": names("usage-{}", day * 14 + item),
        "sku_name": skus,
        "cloud": "AWS",
        "usage_start_time": micros(day * DAY),
        "usage_end_time": micros(day * DAY + 3600),
        "usage_date": days(day * DAY),
        "custom_tags": [
            {} if number in _UNTAGGED else {"team": f"team-{number % 3}"} for number in items
        ],
        "usage_unit": "DBU",
        "usage_quantity": [Decimal(f"{amount:.6f}") for amount in (cost / prices).tolist()],
        "usage_metadata": {
            "cluster_id": ["cluster-0" if number == 12 else None for number in items],
            "warehouse_id": [WAREHOUSE_ID if number == 13 else None for number in items],
            "job_id": [_JOBS[number] for number in items],
            "job_name": [_JOBS[number] for number in items],
            "job_run_id": runs,
            "node_type": "i3.xlarge",
        },
        "identity_metadata": {"run_as": names("user{}@example.com", item % 6)},
        "record_type": "ORIGINAL",
        "ingestion_date": days(day * DAY),
        "billing_origin_product": [_PRODUCTS[number] for number in items],
        "product_features": {"is_serverless": False, "is_photon": False},
        "usage_type": "COMPUTE_TIME",
    }


def list_prices(window: Window) -> Rows:
    """One price for each kind of compute, for all that time."""
    prices = list(_PER_DBU.values())
    since = dt.datetime.fromtimestamp((window.today - 2 * DAYS) * DAY, dt.UTC)
    return len(prices), {
        "account_id": ours()["account_id"],
        "price_start_time": since,
        "sku_name": list(_PER_DBU),
        "cloud": "AWS",
        "currency_code": "USD",
        "usage_unit": "DBU",
        "pricing": {
            "default": prices,
            "promotional": {"default": prices},
            "effective_list": {"default": prices},
        },
    }
