"""The settings of servers. A missing or unsafe value raises ImproperlyConfigured with its name."""

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, cache_settings, engine_settings
from config.settings.base import STORAGES as BASE_STORAGES

SECRET_KEY = env.text(
    "SECRET_KEY", example="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')"
)
if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or "insecure" in SECRET_KEY:
    message = "SECRET_KEY is too weak: give at least 50 random characters."
    raise ImproperlyConfigured(message)
DEBUG = False
if env.boolean("DEBUG", example="false", default=False):
    message = "DEBUG must not be set in production: its error pages show code and settings."
    raise ImproperlyConfigured(message)
ALLOWED_HOSTS = env.text_list("ALLOWED_HOSTS", example="crm.example.com")
if any(host in {"*", ".", ""} for host in ALLOWED_HOSTS):
    message = "ALLOWED_HOSTS must name the hosts, for example ALLOWED_HOSTS=crm.example.com"
    raise ImproperlyConfigured(message)
# The embedded engines are not used in production, so both addresses are required. ``env.text``
# raises ImproperlyConfigured when one is missing.
for _name, _example in (
    ("DATABASE_URL", "postgres://user:password@db:5432/group_crm"),
    ("REDIS_URL", "redis://valkey:6379/0"),
):
    env.text(_name, example=_example)

_database, CELERY_BROKER_URL = engine_settings("default")
DATABASES = {"default": _database}
CACHES = cache_settings(CELERY_BROKER_URL)
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = BASE_STORAGES | {
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS]
# Sign-in throttling (ACCOUNT_RATE_LIMITS) counts by the client's address, which the proxies in
# front of the server pass on in X-Forwarded-For; each proxy adds one address.
ALLAUTH_TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", example="1", default=1)
# The proxy must set this header itself and remove one that the client has sent.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", example="true", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]  # health checks come from inside, by HTTP
# 31,536,000 seconds are a year.
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", example="31536000", default=31536000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
