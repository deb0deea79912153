"""The seven roles the product starts with. The administrator may change them afterwards."""

from django.db import migrations

SEE = ["customer.view", "transaction.view", "complaint.view", "score.view"]

ROLES = [
    ("group_executive", "集团管理层", "Group executive", "all", [*SEE, "run.view"]),
    (
        "division_head",
        "版块负责人",
        "Division head",
        "subtree",
        [*SEE, "customer.edit", "customer.reassign", "complaint.work"],
    ),
    (
        "account_manager",
        "客户经理",
        "Account manager",
        "own",
        [*SEE, "customer.edit", "complaint.work"],
    ),
    ("service_agent", "客服专员", "Service agent", "subtree", [*SEE, "complaint.work"]),
    (
        "division_administrator",
        "版块管理员",
        "Division administrator",
        "subtree",
        [
            *SEE,
            "customer.edit",
            "customer.reassign",
            "customer.import",
            "transaction.import",
            "admin.enter",
        ],
    ),
    (
        "system_administrator",
        "系统管理员",
        "System administrator",
        "all",
        [*SEE, "run.view", "run.start", "reference.manage", "staff.manage", "admin.enter"],
    ),
    ("auditor", "审计", "Auditor", "all", [*SEE, "run.view", "audit.view"]),
]


def add_roles(apps, schema_editor):
    role = apps.get_model("accounts", "Role")
    role.objects.bulk_create(
        role(code=code, name_zh=name_zh, name_en=name_en, depth=depth, permissions=permissions)
        for code, name_zh, name_en, depth, permissions in ROLES
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(add_roles, migrations.RunPython.noop)]
