"""Scores of one criterion: points, rules, measurements, and what a task's state makes of them.

Points are integers in ten-thousandths of a point (`8410` is 0.8410): SQLite has no decimal type, and floats do not add
up. Anything in between is an exact `Fraction`, rounded once, at the end.
"""

from app.core.scoring.measurements import read_measurements
from app.core.scoring.points import POINT, format_points, in_vietnamese, parse_points, round_points
from app.core.scoring.results import NextBest, derive, marginal, score_measurements
from app.core.scoring.rules import CountClass, Input, Ratios, Rule, Term, WeightedCounts, parse_rule
from app.core.scoring.standing import Scores, check_declared, check_score, check_target, task_scores

__all__ = [
    "POINT",
    "CountClass",
    "Input",
    "NextBest",
    "Ratios",
    "Rule",
    "Scores",
    "Term",
    "WeightedCounts",
    "check_declared",
    "check_score",
    "check_target",
    "derive",
    "format_points",
    "in_vietnamese",
    "marginal",
    "parse_points",
    "parse_rule",
    "read_measurements",
    "round_points",
    "score_measurements",
    "task_scores",
]
