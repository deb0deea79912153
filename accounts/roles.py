"""The roles that a new installation has: names, data access level, permissions.

A migration creates them without permissions. After every ``migrate``,
``staff.services.role.grant_new_permissions`` gives each new ``Permission`` once to the roles named
here, found by their code. So a feature that brings a permission adds it to ``Permission`` and here,
and needs no migration. Administrators may change every role afterwards.

Two service accounts have roles of this list: ``scheduler``, which starts the nightly run, is a
``system_administrator``, ``importer``, which imports from the command line, a
``division_administrator``. A migration looks these two codes up, so they stay, and so do their
permissions to start runs and to import.
"""

from dataclasses import dataclass

from accounts.permissions import DataAccessLevel, Permission

# Every starting role has these.
_READ = frozenset(
    {
        Permission.CUSTOMER_VIEW,
        Permission.TRANSACTION_VIEW,
        Permission.INTERACTION_VIEW,
        Permission.COMPLAINT_VIEW,
        Permission.SCORE_VIEW,
    }
)


@dataclass(frozen=True)
class StartingRole:
    """A role of a new installation, and the permissions that it gets there."""

    code: str
    name_zh: str
    name_en: str
    access_level: DataAccessLevel
    permissions: frozenset[Permission]


STARTING_ROLES = (
    StartingRole(
        "group_executive", "集团管理层", "Group executive", DataAccessLevel.ALL,
        _READ | {Permission.RUN_VIEW},
    ),
    StartingRole(
        "division_head", "版块负责人", "Division head", DataAccessLevel.SUBTREE,
        _READ
        | {
            Permission.CUSTOMER_EDIT,
            Permission.CUSTOMER_REASSIGN,
            Permission.INTERACTION_LOG,
            Permission.INTERACTION_MANAGE,
            Permission.COMPLAINT_WORK,
            Permission.SENSITIVE_VIEW,
        },
    ),
    StartingRole(
        "account_manager", "客户经理", "Account manager", DataAccessLevel.OWN,
        _READ
        | {
            Permission.CUSTOMER_EDIT,
            Permission.INTERACTION_LOG,
            Permission.COMPLAINT_WORK,
            Permission.SENSITIVE_VIEW,
        },
    ),
    StartingRole(
        "service_agent", "客服专员", "Service agent", DataAccessLevel.SUBTREE,
        _READ | {Permission.INTERACTION_LOG, Permission.COMPLAINT_WORK},
    ),
    StartingRole(
        "division_administrator", "版块管理员", "Division administrator", DataAccessLevel.SUBTREE,
        _READ
        | {
            Permission.CUSTOMER_EDIT,
            Permission.CUSTOMER_REASSIGN,
            Permission.CUSTOMER_IMPORT,
            Permission.TRANSACTION_IMPORT,
            Permission.INTERACTION_LOG,
            Permission.INTERACTION_MANAGE,
            Permission.INTERACTION_IMPORT,
            Permission.SENSITIVE_VIEW,
            Permission.ADMIN_ENTER,
        },
    ),
    StartingRole(
        "system_administrator", "系统管理员", "System administrator", DataAccessLevel.ALL,
        _READ
        | {
            Permission.RUN_VIEW,
            Permission.RUN_START,
            Permission.REFERENCE_MANAGE,
            Permission.STAFF_MANAGE,
            Permission.FIELD_MANAGE,
            Permission.JOB_CANCEL,
            Permission.EVENT_MANAGE,
            Permission.ADMIN_ENTER,
        },
    ),
    StartingRole(
        "auditor", "审计", "Auditor", DataAccessLevel.ALL,
        _READ | {Permission.RUN_VIEW, Permission.AUDIT_VIEW},
    ),
)  # fmt: skip
