"""A table of the shape of New York's green taxis in a month: the columns, their types, what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

ROWS = 56_551
"""Trips of January 2024."""


def written(path: Path, rows: int = ROWS, seed: int = 0) -> Path:
    """Write trips that a seed draws, whose duration depends on distance, zone and hour."""
    rng = np.random.default_rng(seed)
    zones = rng.permutation(np.arange(1, 266))
    # Few zones are most of the trips, and some are met a handful of times.
    weights = 1 / np.arange(1, 266)
    start = rng.choice(zones, rows, p=weights / weights.sum())
    hour = rng.integers(0, 31 * 24, rows)
    distance = np.round(rng.lognormal(0.7, 0.8, rows), 2)
    slow = rng.uniform(2, 5, 266)[start] * (1 + 0.4 * np.isin(hour % 24, (8, 9, 16, 17, 18)))
    minutes = 3 + slow * distance + rng.normal(0, 2, rows)
    # A meter that was left on, and one that was off.
    minutes[rng.random(rows) < 0.01] = 1_400
    minutes[rng.random(rows) < 0.005] = 0
    distance[rng.random(rows) < 0.001] = 120
    pickup = pd.Timestamp("2024-01-01") + pd.to_timedelta(
        hour * 3600 + rng.integers(0, 3600, rows), "s"
    )
    fare = np.round(3 + 2.5 * distance, 2)
    known = rng.random(rows) > 0.06
    table = pd.DataFrame(
        {
            "VendorID": rng.integers(1, 3, rows, dtype="int32"),
            "lpep_pickup_datetime": pickup.astype("datetime64[us]"),
            "lpep_dropoff_datetime": (pickup + pd.to_timedelta(np.round(minutes * 60), "s")).astype(
                "datetime64[us]"
            ),
            "store_and_fwd_flag": np.where(known, "N", None),
            "RatecodeID": np.where(known, 1.0, np.nan),
            "PULocationID": start.astype("int32"),
            "DOLocationID": rng.integers(1, 266, rows, dtype="int32"),
            "passenger_count": np.where(known, rng.integers(1, 7, rows), np.nan),
            "trip_distance": distance,
            "fare_amount": fare,
            "extra": 0.5,
            "mta_tax": 0.5,
            "tip_amount": np.round(0.15 * fare, 2),
            "tolls_amount": 0.0,
            "ehail_fee": np.nan,
            "improvement_surcharge": 1.0,
            "total_amount": np.round(1.15 * fare + 2, 2),
            "payment_type": np.where(known, rng.integers(1, 3, rows), np.nan),
            "trip_type": np.where(known, 1.0, np.nan),
            "congestion_surcharge": np.where(known, 0.0, np.nan),
        }
    )
    table.to_parquet(path)
    return path
