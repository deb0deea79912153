"""The declared fields of the interaction, and ``INTERACTION``, the record type that has them."""

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.fields.declarations import model_field
from core.fields.kinds import Choice, Date, DateTime, LongText, Number, Text
from core.fields.record_types import RecordType
from core.fields.reference import Reference
from crm.fields.customer import CUSTOMER_REFERENCE
from crm.models import Interaction
from crm.models.interaction import (
    MAX_CONTENT_LENGTH,
    MAX_DURATION_MINUTES,
    MAX_NEXT_STEP_LENGTH,
    MAX_OUTCOME_LENGTH,
    Direction,
    InteractionChannel,
    Phase,
)

# Names in imported files, besides codes and labels. They stay valid if a label is worded anew.
CHANNEL_SYNONYMS = {
    "拜访": InteractionChannel.VISIT, "上门": InteractionChannel.VISIT,
    "上门拜访": InteractionChannel.VISIT, "电话": InteractionChannel.PHONE,
    "call": InteractionChannel.PHONE, "微信": InteractionChannel.WECHAT,
    "邮件": InteractionChannel.EMAIL, "电子邮件": InteractionChannel.EMAIL,
    "短信": InteractionChannel.SMS, "会议": InteractionChannel.MEETING,
    "营业厅": InteractionChannel.SERVICE_HALL, "线上": InteractionChannel.ONLINE,
    "在线": InteractionChannel.ONLINE,
}  # fmt: skip
DIRECTION_SYNONYMS = {
    "呼出": Direction.OUTBOUND, "主动": Direction.OUTBOUND, "out": Direction.OUTBOUND,
    "呼入": Direction.INBOUND, "来访": Direction.INBOUND, "in": Direction.INBOUND,
}  # fmt: skip
PHASE_SYNONYMS = {"售前": Phase.PRE_SALE, "售中": Phase.IN_SALE, "售后": Phase.AFTER_SALE}


def _name_and_number(user: User) -> str:
    return f"{user.name} ({user.employee_number})"


# Also users who have left: what they said stays.
USER = Reference(
    records=User.objects.visible_to,
    selectable_records=lambda user: User.objects.visible_to(user).filter(is_active=True),
    key="employee_number",
    lookup="employee_number__iexact",
    label=_name_and_number,
    text=str,
    empty_label="",
    searched_columns=("name", "employee_number"),
    mine=lambda user: user,
)

# In the order of forms. ``headers`` are names of the column in imported files, besides the field's
# own name.
INTERACTION_FIELDS = (
    model_field(
        Interaction,
        "customer",
        CUSTOMER_REFERENCE,
        headers=("customer_code", "customer_id", "客户编码", "客户编号", "客户代码", "集团编码",
                 "集团客户编码", "客户"),
        in_filters=True,
    ),
    model_field(
        Interaction,
        "channel",
        Choice(lambda: InteractionChannel.choices, synonyms=CHANNEL_SYNONYMS),
        headers=("沟通渠道", "渠道", "联系方式", "互动方式"),
        in_list=True,
        in_filters=True,
    ),
    model_field(
        Interaction,
        "direction",
        Choice(lambda: Direction.choices, synonyms=DIRECTION_SYNONYMS),
        headers=("方向", "呼叫方向"),
        in_filters=True,
    ),
    model_field(
        Interaction,
        "phase",
        Choice(lambda: Phase.choices, synonyms=PHASE_SYNONYMS),
        headers=("阶段", "业务阶段", "服务阶段"),
        in_list=True,
        in_filters=True,
    ),
    model_field(
        Interaction,
        "occurred_at",
        DateTime(),
        headers=("when", "time", "date", "时间", "互动时间", "沟通时间", "日期", "发生时间"),
        in_list=True,
        in_filters=True,
        sort=lambda: ["occurred_at"],
    ),
    model_field(
        Interaction,
        "duration_minutes",
        Number(minimum=Decimal(0), maximum=Decimal(MAX_DURATION_MINUTES)),
        headers=("duration", "minutes", "时长", "时长(分钟)", "分钟"),
    ),
    model_field(
        Interaction,
        "user",
        USER,
        headers=("employee_number", "by", "工号", "员工工号", "经办人", "记录人", "客户经理"),
        in_list=True,
        in_filters=True,
    ),
    model_field(
        Interaction,
        "content",
        LongText(MAX_CONTENT_LENGTH),
        headers=("text", "subject", "内容", "互动内容", "沟通内容", "纪要"),
    ),
    model_field(
        Interaction,
        "outcome",
        Text(MAX_OUTCOME_LENGTH),
        headers=("result", "结果", "沟通结果"),
    ),
    model_field(
        Interaction,
        "next_step",
        Text(MAX_NEXT_STEP_LENGTH),
        headers=("下一步", "后续", "后续事项", "下一步计划"),
    ),
    model_field(
        Interaction,
        "next_step_on",
        Date(),
        headers=("next_step_date", "follow_up_on", "下一步日期", "下次日期", "跟进日期"),
        in_list=True,
        in_filters=True,
        sort=lambda: ["next_step_on"],
    ),
)  # fmt: skip

INTERACTION = RecordType(
    name="interaction",
    label=_("interaction"),
    model=Interaction,
    fields=INTERACTION_FIELDS,
)
