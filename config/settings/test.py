"""The settings of the tests: engines of their own, and a fast password hash."""

from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, cache_settings, engine_settings

DEBUG = False
SECRET_KEY = "only-for-tests-" + "x1y2z3" * 10
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
_database, CELERY_BROKER_URL = engine_settings("test")
DATABASES = {"default": _database | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}}
CACHES = cache_settings(CELERY_BROKER_URL)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
JOB_FILES_DIR = DATA_DIR / "test" / "jobs"
LIST_COUNT_TIMEOUT_MS = 0  # none: a busy machine must not change what a page shows
