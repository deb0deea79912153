"""The checks of source code report planted violations and accept correct code.

The source is given to the checks as text, with the path that such a file would have. The rules are
described in the modules of ``checks``.
"""

import pytest

from tests.architecture.checks.exceptions import ALLOWED, FOREIGN_KEYS_IN_TEMPLATES
from tests.architecture.checks.model_facts import model_facts, writing_manager_methods
from tests.architecture.checks.reads import raw_sql, unscoped_reads
from tests.architecture.checks.services import unauthorised_services
from tests.architecture.checks.source import SourceFile, not_allowed, python_files
from tests.architecture.checks.templates import template_reads
from tests.architecture.checks.writes import writes_outside_services

FACTS = model_facts()
MANAGER_METHODS = writing_manager_methods(python_files())
CLASS_WHOSE_BASE_AUTHORISES = """
class Base:
    def run(self):
        authorise(self.actor, P.X)

class Closer(Base):
    def close(self):
        self.c.save()
"""
# The beginning of a panel's method, which the planted expression completes.
PANEL = "def context(request: AuthedRequest, customer: Customer) -> object:\n    return "


def reported_violations(path: str, text: str) -> list[str]:
    """Return what all checks of source report about a planted file."""
    file = SourceFile(path, text)
    found = [
        *unscoped_reads(file, FACTS),
        *raw_sql(file),
        *writes_outside_services(file, FACTS, MANAGER_METHODS),
        *unauthorised_services([file], FACTS, MANAGER_METHODS),
    ]
    return not_allowed(found, ALLOWED)


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        # A related manager, in a panel and everywhere else.
        ("crm/panels.py", f"{PANEL}customer.subsidiaries.all()", ".subsidiaries"),
        ("crm/panels.py", f"{PANEL}list(customer.subsidiaries)", ".subsidiaries"),
        ("crm/panels.py", f'{PANEL}getattr(customer, "subsidiaries").all()', '"subsidiaries"'),
        ("crm/panels.py", f'{PANEL}attrgetter("subsidiaries.all")(customer)', '"subsidiaries"'),
        ("crm/panels.py", f"{PANEL}request.user.customers.count()", ".customers"),
        ("crm/panels.py", f"{PANEL}customer.owner.customers", ".customers"),
        ("crm/panels.py", f"{PANEL}customer.unit.users.all()", ".users"),
        ("crm/panels.py", f"{PANEL}customer.events.count()", ".events"),
        ("crm/panels.py", f"{PANEL}customer.parent", ".parent"),
        ("staff/views/x.py", "def get(request):\n    return request.user.manager", ".manager"),
        ("segmentation/panels.py", "def of(run: ScoringRun):\n    return run.scores", ".scores"),
        # The manager of a scoped model, by any of its names.
        ("crm/exports.py", "rows = Customer.objects.all()", "Customer.objects"),
        ("crm/exports.py", "rows = Customer._base_manager.all()", "Customer._base_manager"),
        ("crm/exports.py", "rows = type(customer)._default_manager.all()", "_default_manager"),
        ("crm/exports.py", 'rows = getattr(Customer, "objects").all()', '"objects"'),
        ("crm/exports.py", "rows = Customer.objects.filter(pk=1).visible_to(user)", ".objects"),
        ("crm/exports.py", "rows = QuerySet(Customer).all()", "QuerySet(…)"),
        ("crm/exports.py", "rows = CustomerQuerySet(Customer)", "CustomerQuerySet(…)"),
        ("crm/exports.py", "rows = CustomerEvent.objects.all()", "CustomerEvent.objects"),
        ("config/navigation.py", "total = Customer.objects.count()", "Customer.objects"),
        ("crm/views/x.py", "found = get_object_or_404(Customer, pk=1)", "get_object_or_404(Cust"),
        ("crm/views/x.py", "found = get_list_or_404(crm.Customer, pk=1)", "get_list_or_404(Cust"),
        # Along a relation, by its name.
        ("crm/views/x.py", 'rows.prefetch_related("subsidiaries")', '"subsidiaries"'),
        ("crm/views/x.py", 'rows.prefetch_related(Prefetch("subsidiaries"))', '"subsidiaries"'),
        ("crm/views/x.py", 'rows.select_related("owner", "parent")', '"parent"'),
        ("crm/views/x.py", 'people.annotate(n=Count("customers"))', '"customers"'),
        ("crm/views/x.py", 'rows.values("code", "parent__name")', '"parent__name"'),
        ("crm/views/x.py", "rows.filter(subsidiaries__name__icontains=text)", "subsidiaries__"),
        # Classes that read for themselves.
        ("crm/views/x.py", "class List(ListView):\n    model = Customer", "List with model"),
        ("crm/admin.py", "class Below(TabularInline):\n    model = Customer", "Below with model"),
        (
            "crm/forms.py",
            "class Form(ModelForm):\n    class Meta:\n        model = Customer",
            "Meta with model",
        ),
        (
            "crm/api/x.py",
            "class XSerializer(Serializer):\n    subsidiaries = XSerializer(many=True)",
            "XSerializer.subsidiaries",
        ),
        (
            "crm/api/x.py",
            "class X(FilterSet):\n  class Meta:\n    model = Customer\n    fields = []",
            "Meta with model",
        ),
        # SQL.
        ("crm/selectors/x.py", "with connection.cursor() as cursor:\n    pass", "cursor(…)"),
        ("crm/selectors/x.py", "def run(cursor):\n    cursor.execute(SQL)", "cursor.execute(…)"),
        ("crm/selectors/x.py", 'Customer.objects.visible_to(u).extra(where=["1"])', "extra(…)"),
        ("crm/selectors/x.py", "visible.raw(SQL)", "raw(…)"),
        ("crm/selectors/x.py", "def run(cursor):\n    copy_rows(cursor, C, rows)", "copy_rows(cur"),
        ("crm/selectors/x.py", "from psycopg2 import sql", "driver"),
        # Writes.
        ("crm/views/x.py", 'Customer.objects.visible_to(u).update(name="")', ".update(…)"),
        ("crm/views/x.py", "def post(rows):\n    rows.update(owner=None)", ".update(…)"),
        ("crm/views/x.py", "def post(rows):\n    rows.filter(pk=1).delete()", ".delete(…)"),
        ("crm/panels.py", "def context(customer):\n    customer.save()", ".save(…)"),
        ("crm/panels.py", "def context(rows):\n    rows.bulk_create([])", ".bulk_create(…)"),
        ("crm/panels.py", "async def context(rows):\n    await rows.acreate()", ".acreate(…)"),
        ("staff/views/x.py", "key, text = ApiKey.objects.issue(user=user)", ".issue(…)"),
        ("staff/views/x.py", "def post(role, user):\n    role.users.add(user)", ".add(…)"),
        ("crm/tasks.py", "Customer.objects.filter(owner=None).delete()", ".delete(…)"),
        ("crm/management/commands/x.py", "def handle(customer):\n    customer.save()", ".save(…)"),
    ],
)  # fmt: skip
def test_read_or_write_that_breaks_the_rules_is_reported(
    path: str, text: str, expected: str
) -> None:
    reported = reported_violations(path, text)
    assert any(expected in line for line in reported), reported
    assert all(line.startswith(f"{path}:") and "; " in line for line in reported)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("crm/views/x.py", "rows = Customer.objects.visible_to(user).filter(pk=1)"),
        ("crm/views/x.py", "rows = get_object_or_404(Customer.objects.visible_to(user), pk=1)"),
        ("crm/views/x.py", "field = KeyField('code', Customer.objects.visible_to)"),
        ("crm/views/x.py", "rows = Grade.objects.all()"),
        ("crm/views/x.py", "rows = ScopedQuerySet(type(value)).visible_to(user)"),
        ("crm/views/x.py", "rows.prefetch_related(Prefetch('parent', queryset=visible))"),
        ("crm/views/x.py", "rows.filter(parent=customer, parent__isnull=False)"),
        ("crm/views/x.py", "rows.values('industry__parent__code', 'customer__name')"),
        ("crm/views/x.py", "if customer.parent_id is None:\n    pass"),
        ("crm/views/x.py", "def of(run: ScoringRun):\n    return run.customers"),
        ("crm/views/x.py", "folder = Path(__file__).parent"),
        ("crm/views/x.py", "def of():\n    known = {}\n    known.update(a=1)"),
        ("crm/views/x.py", "def of(known: dict[str, int], attrs):\n    known.update(a=1)"),
        ("crm/views/x.py", "field.widget.attrs.update(rows=4)\nknown.update({'a': 1})"),
        ("crm/views/x.py", "seen.add(1)\nseen.remove(1)\ncache.set('a', 1)\ncache.delete('a')"),
        ("crm/services/x.py", "def _apply(customer):\n    customer.save()"),
        ("crm/models/x.py", "rows = Customer.objects.all()"),
    ],
)
def test_correct_code_is_not_reported(path: str, text: str) -> None:
    assert reported_violations(path, text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def close_all():\n    Complaint.objects.update(state='x')", "does not take actor"),
        ("def close(actor):\n    authorise(actor, P.X)\n    c.save()", "by keyword only"),
        ("def close(*, actor):\n    c.save()", "never authorises"),
        ("def close(*, actor):\n    if c:\n        authorise(actor, P.X)\n    c.save()", "never"),
        ("def close(*, actor, who):\n    authorise(who, P.X)\n    c.save()", "never authorises"),
        ("def close(*, actor):\n    c.save()\n    authorise(actor, P.X)", "before it authorises"),
        ("def close():\n    _close()\n\ndef _close():\n    c.save()", "does not take actor"),
        ("def close():\n    cursor.execute('DELETE FROM crm_customer')", "does not take actor"),
        ("def close(cursor):\n    copy_rows(cursor, COPY, rows)", "does not take actor"),
        ("def close(statement):\n    cursor.execute(statement)", "does not take actor"),
        ("class Closer:\n    def run(self):\n        self.c.save()", "class Closer writes"),
    ],
)  # fmt: skip
def test_service_that_does_not_authorise_is_reported(text: str, expected: str) -> None:
    reported = reported_violations("satisfaction/services/closing.py", text)
    assert len(reported) == 1, reported
    assert expected in reported[0]


@pytest.mark.parametrize(
    "text",
    [
        "def close(*, actor):\n    authorise(actor, P.X)\n    c.save()",
        "def close(*, actor):\n    with lock():\n        authorise(actor, P.X)\n        c.save()",
        "def is_closed():\n    cursor.execute('SELECT 1 FROM t FOR UPDATE')",
        CLASS_WHOSE_BASE_AUTHORISES,
    ],
)
def test_service_that_authorises_is_not_reported(text: str) -> None:
    assert reported_violations("satisfaction/services/closing.py", text) == []


@pytest.mark.parametrize(
    "name",
    [
        "{{ customer.parent.name }}",
        "{% if customer.parent %}x{% endif %}",
        "{% for each in customer.subsidiaries.all %}{{ each.name }}{% endfor %}",
        "{% with group=row.customer.parent %}{{ group }}{% endwith %}",
        '{% include "x.html" with total=user.customers.count %}',
        "{{ score.batch.actor.name }}",
        "{{ customer.owner.manager.name|default:'–' }}",
        "{{ complaint.customer.transactions.all.0 }}",
    ],
)
def test_template_that_follows_a_relation_is_reported(name: str) -> None:
    text = f"<p>\n{name}\n</p>"
    found = list(template_reads("templates/x.html", text, FACTS, FOREIGN_KEYS_IN_TEMPLATES))
    assert {(violation.path, violation.line) for violation in found} == {("templates/x.html", 2)}


def test_template_that_shows_its_context_is_not_reported() -> None:
    text = "{{ parent.name }}{{ customer.owner.name }}{{ run.customers }}{{ panel.title }}"
    text += '{% url "customer" parent.pk %}{% translate "customer.parent" %}'
    assert not list(template_reads("templates/x.html", text, FACTS, FOREIGN_KEYS_IN_TEMPLATES))
