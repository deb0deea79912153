"""Models of users, units, roles and API keys."""

from accounts.models.api_key import ApiKey
from accounts.models.role import KnownPermission, Role
from accounts.models.unit import OrgUnit
from accounts.models.user import User

__all__ = ["ApiKey", "KnownPermission", "OrgUnit", "Role", "User"]
