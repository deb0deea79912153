"""The declared fields of the customer, and ``CUSTOMER``, the record type that has them.

``core.fields.declarations`` explains the options of a field, ``core.fields.reference`` those of a
reference. The table in docs/architecture.md lists what is built from them.
"""

from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.fields.declarations import model_field
from core.fields.faults import ValueFault
from core.fields.kinds import Choice, Text
from core.fields.record_types import RecordType
from core.fields.reference import Reference
from crm.models import Category, Customer, Grade, Industry, Source
from crm.models.customer import MAX_CODE_LENGTH, MAX_NAME_LENGTH, Stage
from crm.models.reference import ReferenceEntry
from staff.fields import UNIT

# Names in imported files, besides the labels. They stay valid if a label is worded differently.
STAGE_SYNONYMS = {
    "潜在": Stage.POTENTIAL, "意向": Stage.INTENDING, "准客户": Stage.PROSPECTIVE,
    "签约": Stage.SIGNED, "已开发": Stage.DEVELOPED, "合作伙伴": Stage.PARTNER, "流失": Stage.LOST,
}  # fmt: skip


def _both_names(entry: ReferenceEntry) -> Sequence[str]:
    return (entry.name_zh, entry.name_en)


def _code_and_name(grade: Grade) -> str:
    return f"{grade.code} {grade.name}"


def _name_and_number(user: User) -> str:
    return f"{user.name} ({user.employee_number})"


def _name_and_code(customer: Customer) -> str:
    return f"{customer.name} ({customer.code})"


def _stages_in_order() -> Sequence[Q]:
    """Return the stages in the order in which a customer passes through them."""
    return [Q(stage=stage) for stage in Stage.values]


def _grades_in_order() -> Sequence[Q]:
    return [Q(grade=grade.pk) for grade in Grade.objects.all()]


def _industries_in_order() -> Sequence[Q]:
    return [Q(industry=industry.pk) for industry in Industry.objects.all()]


def _sections_with_divisions(_user: User, selected: Sequence[Industry]) -> QuerySet[Industry]:
    ids = [industry.pk for industry in selected]
    return Industry.objects.filter(Q(pk__in=ids) | Q(parent__in=ids))


# The kinds of the fields that refer to another record. Filters, imports and the API accept all of
# ``records``, also entries of reference lists that are not active; forms offer only the selectable.
INDUSTRY = Reference(
    records=lambda _user: Industry.objects.all(),
    selectable_records=lambda _user: Industry.objects.filter(is_active=True),
    names=_both_names,
    level=lambda industry: 1 if industry.parent_id else 0,
    included_in_filter=_sections_with_divisions,
    fault=ValueFault.NOT_IN_LIST,
)
SOURCE = Reference(
    records=lambda _user: Source.objects.all(),
    selectable_records=lambda _user: Source.objects.filter(is_active=True),
    names=_both_names,
    fault=ValueFault.NOT_IN_LIST,
)
CATEGORY = Reference(
    records=lambda _user: Category.objects.all(),
    selectable_records=lambda _user: Category.objects.filter(is_active=True),
    names=_both_names,
    fault=ValueFault.NOT_IN_LIST,
)
GRADE = Reference(
    records=lambda _user: Grade.objects.all(),
    selectable_records=lambda _user: Grade.objects.filter(is_active=True),
    names=_both_names,
    label=_code_and_name,
    empty_label=_("Not graded"),
    fault=ValueFault.NOT_IN_LIST,
)
OWNER = Reference(
    records=lambda user: User.objects.visible_to(user).filter(is_active=True),
    selectable_records=lambda user: User.objects.visible_to(user).account_managers(),
    key="employee_number",
    lookup="employee_number__iexact",
    label=_name_and_number,
    text=str,
    empty_label=_("Nobody: public pool"),
    searched_columns=("name", "employee_number"),
    mine=lambda user: user,
)
PARENT = Reference(
    records=Customer.objects.visible_to,
    label=_name_and_code,
    options_url_name="customer_options",
)

# Another record's reference to its customer.
CUSTOMER_REFERENCE = Reference(
    records=Customer.objects.visible_to,
    label=_name_and_code,
    text=str,
    options_url_name="customer_options",
    empty_label="",
    searched_columns=("name", "code"),
)

# In the order of forms and of the customer page. ``headers`` are names of the column in imported
# files, besides the field's own name.
CUSTOMER_FIELDS = (
    model_field(
        Customer,
        "name",
        Text(MAX_NAME_LENGTH),
        headers=("customer_name", "客户名称", "名称", "集团名称", "集团客户名称"),
        searched=True,
        quality_weight=3,
    ),
    model_field(
        Customer,
        "code",
        Text(MAX_CODE_LENGTH),
        headers=(
            "customer_code", "customer_id", "customer", "客户编码", "客户编号", "客户代码",
            "集团编码", "集团客户编码",
        ),
        searched=True,
        quality_weight=3,
    ),
    model_field(
        Customer,
        "stage",
        Choice(lambda: Stage.choices, synonyms=STAGE_SYNONYMS),
        headers=("customer_stage", "阶段", "客户阶段"),
        in_list=True,
        in_filters=True,
        sort_groups=_stages_in_order,
        quality_weight=1,
    ),
    model_field(
        Customer,
        "grade",
        GRADE,
        short_label=_("Grade"),
        headers=("customer_grade", "等级", "级别", "客户等级", "客户级别"),
        in_list=True,
        in_filters=True,
        sort_groups=_grades_in_order,
        quality_weight=2,
    ),
    model_field(
        Customer,
        "industry",
        INDUSTRY,
        headers=("industry_code", "行业", "行业类别", "行业代码"),
        in_list=True,
        in_filters=True,
        sort_groups=_industries_in_order,
        quality_weight=2,
    ),
    model_field(
        Customer,
        "category",
        CATEGORY,
        short_label=_("Category"),
        headers=("customer_category", "种类", "类别", "客户种类", "客户类别"),
        in_filters=True,
        quality_weight=2,
    ),
    model_field(
        Customer,
        "source",
        SOURCE,
        short_label=_("Source"),
        headers=("customer_source", "来源", "客户来源"),
        in_filters=True,
        quality_weight=1,
    ),
    model_field(
        Customer,
        "parent",
        PARENT,
        headers=("parent_code", "parent_group", "上级集团", "上级集团编码", "上级客户编码"),
    ),
    model_field(
        Customer,
        "owner",
        OWNER,
        headers=(
            "account_manager", "owner_number", "employee_number", "客户经理", "客户经理工号",
            "工号",
        ),
        in_list=True,
        in_filters=True,
        sort=lambda: ["owner__name"],
        quality_weight=3,
    ),
    model_field(
        Customer,
        "unit",
        UNIT,
        headers=("unit_code", "机构", "组织机构", "机构编码", "组织机构编码"),
        in_filters=True,
    ),
)  # fmt: skip

CUSTOMER = RecordType(
    name="customer",
    label=_("customer"),
    model=Customer,
    fields=CUSTOMER_FIELDS,
    category_field="category",
    categories=Category.objects.all,
)
