"""Servers: everything that must be given is asked for by name, and unsafe values are refused."""

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, cache, connect

SECRET_KEY = env.text(
    "SECRET_KEY", example="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')"
)
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or "insecure" in SECRET_KEY:
    message = "SECRET_KEY is too weak: give at least 50 random characters."
    raise ImproperlyConfigured(message)
DEBUG = False
if env.flag("DEBUG", default=False):
    message = "DEBUG must not be set in production: it shows the inside of the system to strangers."
    raise ImproperlyConfigured(message)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", example="crm.example.com")
if any(host in {"*", ".", ""} for host in ALLOWED_HOSTS):
    message = "ALLOWED_HOSTS must name the hosts, for example ALLOWED_HOSTS=crm.example.com"
    raise ImproperlyConfigured(message)
for _name, _example in (
    ("DATABASE_URL", "postgres://user:password@db:5432/group_crm"),
    ("REDIS_URL", "redis://valkey:6379/0"),
):
    env.text(_name, example=_example)

_database, CELERY_BROKER_URL = connect("default")
DATABASES = {"default": _database}
CACHES = cache(CELERY_BROKER_URL)
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS]
# Servers stand behind a proxy, and throttling counts the addresses of those in front of it.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", example="1", default=1)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", example="31536000", default=31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
