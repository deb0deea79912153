"""Worth and risk of customers, and the runs that find them out."""

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
