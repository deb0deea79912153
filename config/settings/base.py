"""The settings that ``local``, ``production`` and ``test`` share.

Values that an installation may choose are read from environment variables with ``config.env``; they
are described in ``.env.example``.
"""

from datetime import timedelta
from typing import Any

import django_stubs_ext
import pghistory
import pgtrigger
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from config import env
from config.settings.contributions import *  # noqa: F403

django_stubs_ext.monkeypatch()  # lets Django's classes accept type parameters: Field[int, int]

BASE_DIR = env.BASE_DIR
DATA_DIR = env.DATA_DIR

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_filters",
    "django_htmx",
    "django_ltree",
    "drf_spectacular",
    "knox",
    "pghistory",
    "pgtrigger",
    "rest_framework",
    "config",
    "common",
    "accounts",
    "core",
    "staff",
    "crm",
    "satisfaction",
    "segmentation",
    "demo",
]

# Why a middleware of core is where it is: MalformedRequestMiddleware before the session,
# UserContextMiddleware after authentication, which sets request.user, and after LocaleMiddleware,
# whose language it replaces by the user's.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.MalformedRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.middleware.UserContextMiddleware",
    "core.middleware.AdminPolicyMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.navigation",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "core.templatetags.formatting",
            ],
        },
    }
]

# --- language, time zone, currency --------------------------------------------------------------
LANGUAGE_CODE = env.text("LANGUAGE_CODE", example="zh-hans", default="zh-hans")
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.text("TIME_ZONE", example="Asia/Shanghai", default="Asia/Shanghai")
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["config.formats"]
CURRENCY = env.text("CURRENCY", example="CNY", default="CNY")

# --- users, sign-in, sessions -------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["staff.sign_in.AuthenticationBackend"]
# The check does not recognise the constraint: employee numbers are unique ignoring case.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["employee_number", "name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_ADAPTER = "staff.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = "employee_number"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Nobody can sign up, but allauth checks that these fields agree with ACCOUNT_LOGIN_METHODS.
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("account_login")
ACCOUNT_SESSION_REMEMBER = True  # so that sessions last SESSION_COOKIE_AGE (12 hours)
ACCOUNT_FORMS = {
    "login": "staff.forms.LoginForm",
    "change_password": "staff.forms.ChangePasswordForm",
}
# 60 attempts a minute from one address; of failed ones, 10 a minute from one address and 5 in five
# minutes for one employee number.
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/5m/key"}
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.views.errors.csrf_failure"

# --- browser security and static files ----------------------------------------------------------
# No inline scripts or styles, and nothing from other servers (docs/adr/0009).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True

STATIC_URL = "static/"
_modules = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    ("vendor/tabler", _modules / "@tabler/core/dist/css"),
    ("vendor/echarts", _modules / "echarts/dist"),
    ("vendor/htmx", _modules / "htmx.org/dist"),
    ("vendor/tom-select/css", _modules / "tom-select/dist/css"),
    ("vendor/tom-select/js", _modules / "tom-select/dist/js"),
]
STATICFILES_FINDERS = [
    "config.assets.ListedVendorFilesFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
]
# The files of these packages that pages use; see config/assets.py.
VENDOR_FILES = frozenset(
    {
        "vendor/tabler/tabler.min.css",
        "vendor/tabler/tabler.min.css.map",
        "vendor/echarts/echarts.min.js",
        "vendor/htmx/htmx.min.js",
        "vendor/tom-select/css/tom-select.min.css",
        "vendor/tom-select/css/tom-select.min.css.map",
        "vendor/tom-select/js/tom-select.complete.min.js",
        "vendor/tom-select/js/tom-select.complete.min.js.map",
    }
)
ICON_DIR = _modules / "@tabler/icons/icons/outline"  # read by the template tag ``icon``

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # bytes of a form or a JSON body
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# How long a page of a list waits for the number of all rows, before it shows "more than 50".
LIST_COUNT_TIMEOUT_MS = 50

# --- files of jobs and of records (docs/adr/0019) -----------------------------------------------
# Files that users upload for a job, and files that jobs make; a folder that no web server serves.
JOB_FILES_DIR = DATA_DIR / "jobs"
# A folder that no web server serves; a relative path starts at the project.
FILES_DIR = BASE_DIR / env.text("FILES_DIR", example="/srv/crm/files", default=".data/files")
FILE_MAX_BYTES = env.integer("FILE_MAX_MIB", example="25", default=25) * 2**20
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "attachments": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": FILES_DIR,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
}

# --- history, written by triggers ---------------------------------------------------------------
PGHISTORY_APPEND_ONLY = True  # the database refuses to change or delete history
PGHISTORY_DEFAULT_TRACKERS = None  # ``common.history.tracked`` names the trackers
# Triggers run once per statement, not per row: an import of 23,570 customers takes 1 s, not 16 s.
PGHISTORY_LEVEL: object = pgtrigger.Statement
# History is read by record, never by what a record referred to, and such indexes slow imports down.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)

# --- REST ---------------------------------------------------------------------------------------
KNOX_TOKEN_MODEL = "accounts.ApiKey"  # noqa: S105 (a model's name)
REST_KNOX = {"AUTH_HEADER_PREFIX": "Bearer"}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.authentication.KeyAuthentication",
        "core.api.authentication.BrowserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.permissions.RolePermission"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.BoundedJsonParser"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttling.PerMinute"],
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "core.api.errors.problem",
    "NON_FIELD_ERRORS_KEY": "__all__",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": "iso-8601",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Group customer CRM",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["core.api.permissions.SignedIn"],
    # Without a name here, an enumeration would be called after its field, and after its values as
    # soon as another one has a field of that name.
    "ENUM_NAME_OVERRIDES": {
        "AttachmentKind": "core.files.kinds.FileKind",
        "ChurnFlag": "segmentation.models.ChurnLevel",
        "ChurnReason": "segmentation.models.ChurnReason",
        "ComplaintEntryKind": "satisfaction.models.complaint.EntryKind",
        "ComplaintState": "satisfaction.models.complaint.State",
        "CustomerStage": "crm.models.customer.Stage",
        "DataAccessLevel": "accounts.permissions.DataAccessLevel",
        "InteractionChannel": "crm.models.interaction.InteractionChannel",
        "InteractionDirection": "crm.models.interaction.Direction",
        "InteractionPhase": "crm.models.interaction.Phase",
        "InternationalSegment": "segmentation.models.InternationalSegment",
        "JobState": "core.models.job.JobState",
        "Permission": "accounts.permissions.Permission",
        "RunState": "segmentation.models.RunState",
        "RunStepName": "segmentation.models.run.StepName",
        "Segment": "segmentation.models.ChineseSegment",
        "UnitKind": "accounts.models.unit.UnitKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.remove_titles",
        "core.api.schema.add_problems",
    ],
}
API_CALLS_PER_MINUTE = env.integer("API_CALLS_PER_MINUTE", example="600", default=600)
API_BULK_MAX_BYTES = env.integer("API_BULK_MAX_MIB", example="200", default=200) * 2**20

# --- Celery and the nightly run -----------------------------------------------------------------
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_IGNORE_RESULT = True
# A task is acknowledged when it has ended. If its worker is killed, another worker runs it again,
# so a task must do no harm when it runs twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A task that is not acknowledged after this many seconds is delivered again. No task takes so long.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 3600}
EVENT_SECONDS = 5  # between two attempts to hand new events to their consumers
CELERY_BEAT_SCHEDULE = {
    "nightly-scoring": {
        "task": "segmentation.tasks.run_nightly",
        "schedule": crontab(hour=2, minute=0),  # in TIME_ZONE
    },
    "resend-lost-jobs": {
        "task": "core.tasks.resend_lost_jobs",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},  # while all workers are busy, messages do not pile up
    },
    "nightly-file-check": {
        "task": "core.tasks.check_files",
        "schedule": crontab(hour=4, minute=0),
    },
    "consume-events": {
        "task": "core.tasks.consume_events",
        "schedule": timedelta(seconds=EVENT_SECONDS),
        # While all workers are busy, messages do not pile up.
        "options": {"expires": EVENT_SECONDS},
    },
    "delete-old": {"task": "core.tasks.delete_old", "schedule": crontab(hour=3, minute=30)},
}
# A run scores the transactions of this many days.
SCORING_WINDOW_DAYS = env.integer("SCORING_WINDOW_DAYS", example="365", default=365)
# Events are deleted after so many days, but not before every consumer has handled them.
KEEP_EVENTS_DAYS = env.integer("KEEP_EVENTS_DAYS", example="30", default=30)
KEEP_READ_NOTICES_DAYS = env.integer("KEEP_READ_NOTICES_DAYS", example="90", default=90)

UNFOLD = {
    "SITE_TITLE": _("Group customer CRM"),
    "SITE_HEADER": _("Group customer CRM"),
    "SITE_URL": reverse_lazy("home"),
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    # The accent colour of css/tokens.css, from the lightest shade to the darkest.
    "COLORS": {
        "primary": {
            "50": "#eef1fd", "100": "#e0e6fb", "200": "#c7d1f7", "300": "#a3b3f1",
            "400": "#7a8fe8", "500": "#4c67dc", "600": "#3454d1", "700": "#2b46b3",
            "800": "#273c91", "900": "#253674", "950": "#182147",
        }
    },
}  # fmt: skip

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}},
}


def engine_settings(profile: str) -> tuple[dict[str, object], str]:
    """Return the entry of DATABASES and the address of Valkey for a profile of the engines.

    ``profile`` is ``default`` or ``test``. Addresses in the environment override those of its
    engines. Raises ImproperlyConfigured.
    """
    database = env.database(profile) | {
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
    return database, env.redis_url(profile)


def cache_settings(redis_url: str) -> dict[str, dict[str, object]]:
    """Return the setting CACHES for the Valkey at ``redis_url``, which is also Celery's broker."""
    return {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}
    }
