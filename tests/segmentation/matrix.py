"""The permission matrix of the pages, panels, administration and API of scoring."""

from segmentation.models import ScoringRun
from tests.permission_matrix import ALL, COMPANY_WIDE, AdminModel, AppMatrix, Row, World
from tests.segmentation.factories import make_failed_run


def _failed_run(world: World) -> ScoringRun:
    return make_failed_run(world.cast.sysadmin)


def _failed_run_args(world: World) -> list[int]:
    """Make a failed run; return the arguments of its URL."""
    return [_failed_run(world).pk]


MATRIX = AppMatrix(
    rows=(
        Row("segments", ALL),
        Row("runs", COMPANY_WIDE),
        # A future day is refused, so no test starts a run.
        Row("runs", "S", method="post", data=lambda w: {"as_of": "2999-01-01"}, status=422),
        Row("run", COMPANY_WIDE, _failed_run_args),
        Row("api-scores", ALL),
        Row("api-scoring-runs", COMPANY_WIDE),
        Row(
            "api-scoring-runs",
            "S",
            method="post",
            status=400,
            data=lambda w: {"as_of": "2999-01-01"},
        ),
        Row("api-scoring-run", COMPANY_WIDE, _failed_run_args),
    ),
    panels={"worth": ALL},
    widgets={"new-flags": ALL},
    list_parts={"worth": ALL},
    admin_models=(AdminModel(ScoringRun, _failed_run, see="S", add="S", history=False),),
)
