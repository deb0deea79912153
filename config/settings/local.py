"""The settings of ``make run`` on one machine, and of commands without DJANGO_SETTINGS_MODULE.

The secret key is created once and stored in ``.data/``.
"""

import secrets

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, cache_settings, engine_settings


def _load_or_create_secret_key() -> str:
    path = DATA_DIR / "secret_key"
    if not path.is_file():
        DATA_DIR.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="ascii")
    return path.read_text(encoding="ascii")


DEBUG = env.boolean("DEBUG", example="false", default=False)
SECRET_KEY = (
    env.text("SECRET_KEY", example="50 random characters", default="")
    or _load_or_create_secret_key()
)
ALLOWED_HOSTS = env.text_list(
    "ALLOWED_HOSTS", example="crm.example.com", default=["localhost", "127.0.0.1", "[::1]"]
)
_database, CELERY_BROKER_URL = engine_settings("default")
DATABASES = {"default": _database}
CACHES = cache_settings(CELERY_BROKER_URL)
WHITENOISE_USE_FINDERS = True  # static files are served without ``collectstatic``
WHITENOISE_AUTOREFRESH = DEBUG
