"""Customer scores, and the runs that compute them."""

from segmentation.models.run import RunState, ScoringRun, ScoringStep, StepName
from segmentation.models.score import ChurnLevel, ChurnReason, CustomerScore
from segmentation.models.segment import ChineseSegment, InternationalSegment
from segmentation.models.total import ScoreTotal

__all__ = [
    "ChineseSegment",
    "ChurnLevel",
    "ChurnReason",
    "CustomerScore",
    "InternationalSegment",
    "RunState",
    "ScoreTotal",
    "ScoringRun",
    "ScoringStep",
    "StepName",
]
