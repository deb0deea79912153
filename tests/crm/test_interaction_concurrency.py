"""Two users change an interaction, or two imports bring it, at the same moment.

A connection sees only committed rows of another one. So each test commits, in a database of its
own.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import transaction

from crm.models import Interaction
from crm.services.interaction import delete_interaction, update_interaction
from tests.cast import Cast
from tests.concurrency import closing_its_connection, run_concurrently, wait_until_blocked
from tests.crm.factories import make_customer, make_interaction
from tests.crm.importing import import_interactions_csv


def test_of_two_changes_of_one_version_the_second_is_stale(committed_cast: Cast) -> None:
    cast = committed_cast
    interaction = make_interaction(make_customer(cast.lanzhou, owner=cast.manager), cast.manager)

    def change(outcome: str) -> Callable[[], object]:
        return lambda: update_interaction(
            interaction_id=interaction.pk, actor=cast.manager, version=1, outcome=outcome
        )

    assert run_concurrently(change("A"), change("B")) == ["StaleError", "done"]
    interaction.refresh_from_db()
    assert interaction.version == 2


def test_change_and_deletion_at_once_leave_no_error_but_stale_or_missing(
    committed_cast: Cast,
) -> None:
    cast = committed_cast
    pk = make_interaction(make_customer(cast.lanzhou, owner=cast.manager), cast.manager).pk
    outcomes = run_concurrently(
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

    assert run_concurrently(run_import, run_import) == ["done", "done"]
    assert Interaction.objects.count() == 200


def test_import_does_not_undo_a_change_that_is_not_committed_yet(committed_cast: Cast) -> None:
    cast = committed_cast
    make_customer(cast.lanzhou, code="A")
    header = "id,customer,channel,occurred_at,content\n"
    import_interactions_csv(header + "C1,A,phone,2026-03-05,Hi\n", cast.division_admin)
    pk = Interaction.objects.get().pk

    def run_import() -> object:
        return import_interactions_csv(header + "C1,A,visit,2026-03-05,Hi\n", cast.division_admin)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            update_interaction(interaction_id=pk, actor=cast.head, outcome="Agreed")
            imported = pool.submit(closing_its_connection(run_import))
            wait_until_blocked()
        imported.result(timeout=20)
    interaction = Interaction.objects.get()
    assert (interaction.outcome, interaction.channel, interaction.version) == ("Agreed", "visit", 3)
