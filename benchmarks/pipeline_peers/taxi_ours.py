"""AstroData's example in AstroData Lab: how long a trip takes, by a forest and by boosted trees.

As there: trips of 1 to 60 minutes, a fifth held out, missing values filled, zones as columns of 0 and 1, ten
trials for each model on a validation part, the best of each trained on all but what is held out and measured
there, the better one registered.
"""

import sys

import pandas as pd
from astrodata_kernel.pipeline import Pipeline, block


@block(outputs=("table",))
def durations(table):
    """Give the trips of 1 to 60 minutes, with their duration."""
    taken = table.lpep_dropoff_datetime - table.lpep_pickup_datetime
    table = table.assign(duration=taken.dt.total_seconds() / 60)
    kept = table.duration.between(1, 60) & (table.trip_distance < 50)
    return table.loc[kept, ["PULocationID", "trip_distance", "duration"]].reset_index(drop=True)


@block(outputs=("table",))
def both(first, second):
    """Give the rows of two tables."""
    return pd.concat([first, second], ignore_index=True)


ways = {"trip_distance": "mean", "PULocationID": "most_frequent"}
pipeline = Pipeline("taxi", {"trees": 50, "depth": 3, "rounds": 50, "rate": 0.1})
pipeline.add("read", "read_table", path=sys.argv[1])
pipeline.add("trips", durations, "read")
pipeline.add("split", "split_table", "trips", target="duration", sizes=[0.64, 0.16, 0.2], seed=42)
parts = ("train", "validation", "test")
pipeline.add("filled", "fill_missing", *(f"split.{part}" for part in parts), how=ways)
pipeline.add(
    "ready",
    "one_hot",
    *(f"filled.{part}" for part in parts),
    columns=["PULocationID"],
    unknown="ignore",
)
pipeline.add("all", both, "ready.train", "ready.validation")
models = {
    "forest": (
        "train_sklearn",
        {"parameters": {"n_estimators": "${trees}", "max_depth": "${depth}"}},
    ),
    "boosted": ("train_xgboost", {"n_estimators": "${rounds}", "learning_rate": "${rate}"}),
}
for name, (block_name, given) in models.items():
    given = {"target": "duration", "seed": 42, **given}
    pipeline.add(name, block_name, "ready.train", "ready.validation", **given)
    pipeline.add(f"{name}_tried", "metrics", f"{name}.model", "ready.validation")
    pipeline.add(f"{name}_best", block_name, "all", **given)
    pipeline.add(f"{name}_test", "metrics", f"{name}_best.model", "ready.test")

spaces = {
    "forest": {"trees": [50, 100], "depth": [3, 5, 7]},
    "boosted": {"rounds": [50, 100], "rate": {"from": 0.01, "to": 0.3}},
}
found = {
    name: pipeline.search(space, f"{name}_tried.r2", trials=int(sys.argv[2]), search_seed=42)
    for name, space in spaces.items()
}
best = max(found, key=lambda name: found[name].value)
pipeline.add(
    "register",
    "register_model",
    f"{best}_best.model",
    "ready.test",
    model_name="taxi",
    alias="production",
    reason="the better of two in validation",
)
run = pipeline.run(**found["forest"].best, **found["boosted"].best)
for name, search in found.items():
    print(name, search.best, run.metrics[f"{name}_tried.r2"], run.metrics[f"{name}_test.r2"])
