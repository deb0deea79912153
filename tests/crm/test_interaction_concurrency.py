"""Two users change an interaction, or two imports bring it, at the same moment.

A connection sees only committed rows of another one. So each test commits, in a database of its
own.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connection

from crm.models import Interaction
from crm.services.interaction import delete_interaction, update_interaction
from tests.cast import Cast
from tests.crm.factories import make_customer, make_interaction
from tests.crm.importing import import_interactions_csv


def _run_together(*jobs: Callable[[], object]) -> list[str]:
    """Start the jobs at the same moment, each on its own connection; return sorted outcomes.

    An outcome is the class name of the error that a job raised, or "done".
    """
    barrier = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> str:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=10)
            job()
        except Exception as error:  # noqa: BLE001 (its class is the outcome)
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(jobs)) as pool:
        return sorted(pool.map(run, jobs))


def test_of_two_changes_of_one_version_the_second_is_stale(committed_cast: Cast) -> None:
    cast = committed_cast
    interaction = make_interaction(make_customer(cast.lanzhou, owner=cast.manager), cast.manager)

    def change(outcome: str) -> Callable[[], object]:
        return lambda: update_interaction(
            interaction_id=interaction.pk, actor=cast.manager, version=1, outcome=outcome
        )

    assert _run_together(change("A"), change("B")) == ["StaleError", "done"]
    interaction.refresh_from_db()
    assert interaction.version == 2


def test_change_and_deletion_at_once_leave_no_error_but_stale_or_missing(
    committed_cast: Cast,
) -> None:
    cast = committed_cast
    pk = make_interaction(make_customer(cast.lanzhou, owner=cast.manager), cast.manager).pk
    outcomes = _run_together(
        lambda: update_interaction(interaction_id=pk, actor=cast.head, version=1, outcome="A"),
        lambda: delete_interaction(interaction_id=pk, actor=cast.manager, version=1),
    )
    assert outcomes in (["StaleError", "done"], ["DoesNotExist", "done"])


def test_two_imports_of_one_file_store_each_row_once(committed_cast: Cast) -> None:
    cast = committed_cast
    make_customer(cast.lanzhou, code="A")
    rows = "".join(f"C{number},A,phone,2026-03-05,Hi\n" for number in range(200))
    text = "id,customer,channel,occurred_at,content\n" + rows

    def run_import() -> object:
        return import_interactions_csv(text, cast.division_admin)

    assert _run_together(run_import, run_import) == ["done", "done"]
    assert Interaction.objects.count() == 200


def test_import_does_not_undo_a_change_made_at_the_same_moment(committed_cast: Cast) -> None:
    cast = committed_cast
    make_customer(cast.lanzhou, code="A")
    header = "id,customer,channel,occurred_at,content\n"
    import_interactions_csv(header + "C1,A,phone,2026-03-05,Hi\n", cast.division_admin)
    pk = Interaction.objects.get().pk
    outcomes = _run_together(
        lambda: update_interaction(interaction_id=pk, actor=cast.head, outcome="Agreed"),
        lambda: import_interactions_csv(header + "C1,A,visit,2026-03-05,Hi\n", cast.division_admin),
    )
    assert outcomes == ["done", "done"]
    interaction = Interaction.objects.get()
    assert (interaction.outcome, interaction.channel, interaction.version) == ("Agreed", "visit", 3)
