"""Customer scores, and the runs that compute them."""

from segmentation.models.run import RunState, ScoringRun, ScoringStep, StepName
from segmentation.models.score import ChurnLevel, ChurnReason, CustomerScore
from segmentation.models.segment import ChineseSegment, InternationalSegment

__all__ = [
    "ChineseSegment",
    "ChurnLevel",
    "ChurnReason",
    "CustomerScore",
    "InternationalSegment",
    "RunState",
    "ScoringRun",
    "ScoringStep",
    "StepName",
]
