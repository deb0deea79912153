"""One machine: ``make run``. The secret is made once and kept beside the data."""

import secrets

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, cache, connect


def _own_secret() -> str:
    path = DATA_DIR / "secret_key"
    if not path.is_file():
        DATA_DIR.mkdir(mode=0o700, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(50), encoding="ascii")
    return path.read_text(encoding="ascii")


DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY", example="50 random characters", default="") or _own_secret()
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS", example="crm.example.com", default=["localhost", "127.0.0.1", "[::1]"]
)
_database, CELERY_BROKER_URL = connect("default")
DATABASES = {"default": _database}
CACHES = cache(CELERY_BROKER_URL)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
