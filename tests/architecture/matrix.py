"""The whole permission matrix: the rows of all apps, joined for the tests in this folder.

An app's rows are in its own ``tests/<app>/matrix.py``; a new app is added to ``APPS``.
"""

from tests.core.matrix import MATRIX as CORE
from tests.crm.matrix import MATRIX as CRM
from tests.permission_matrix import AdminModel, AdminRow, Row
from tests.satisfaction.matrix import MATRIX as SATISFACTION
from tests.segmentation.matrix import MATRIX as SEGMENTATION
from tests.staff.matrix import MATRIX as STAFF

APPS = (CORE, STAFF, CRM, SATISFACTION, SEGMENTATION)

ROWS: list[Row] = [row for app in APPS for row in app.rows]
ADMIN_ROWS: list[AdminRow] = [row for app in APPS for row in app.admin_rows]
ADMIN_MODELS: list[AdminModel] = [row for app in APPS for row in app.admin_models]
PANELS = {slug: roles for app in APPS for slug, roles in app.panels.items()}
WIDGETS = {slug: roles for app in APPS for slug, roles in app.widgets.items()}
LIST_PARTS = {slug: roles for app in APPS for slug, roles in app.list_parts.items()}
PUBLIC = {name for app in APPS for name in app.public}
