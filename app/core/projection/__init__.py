"""The next index's score if rules and all other criteria stay as they were.

Plain values in, plain values out; points are integers in ten-thousandths. See `app.core.scoring` for one criterion.
"""

from app.core.projection.figures import PARTS, less, outline, project
from app.core.projection.outlook import NextStep, next_best, no_such_task, what_if
from app.core.projection.ranks import Interval, Standing, Threshold, check_standings, rank_interval
from app.core.projection.values import (
    Benchmark,
    BenchmarkDistance,
    CriterionFigures,
    CriterionState,
    Derivations,
    FieldFigures,
    FieldFrame,
    Gap,
    GroupFigures,
    Outline,
    Projection,
    RankIntervals,
    counted_measurements,
)

__all__ = [
    "PARTS",
    "Benchmark",
    "BenchmarkDistance",
    "CriterionFigures",
    "CriterionState",
    "Derivations",
    "FieldFigures",
    "FieldFrame",
    "Gap",
    "GroupFigures",
    "Interval",
    "NextStep",
    "Outline",
    "Projection",
    "RankIntervals",
    "Standing",
    "Threshold",
    "check_standings",
    "counted_measurements",
    "less",
    "next_best",
    "no_such_task",
    "outline",
    "project",
    "rank_interval",
    "what_if",
]
