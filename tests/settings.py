"""The settings of the tests: the real ones, with a database of their own and nothing that only costs time."""

import os

os.environ.setdefault("SECRET_KEY", "the-tests-sign-with-this-and-nobody-else-does")
os.environ.pop("DEBUG", None)
os.environ.pop("DEMO_MODE", None)

from revops.settings import *  # noqa: F403
from revops.settings import DATABASES, REDIS_URL, VAR_DIR

# Several test runs share one server: each has a database that carries its process id, so they never meet.
DATABASES["default"]["TEST"] = {"NAME": f"test_revops_{os.getpid()}"}
# Every connection of a test is its own, so that threads and dropped databases do not trip over a pool.
DATABASES["default"]["OPTIONS"].pop("pool")
DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
REDIS_URL = f"{REDIS_URL}?db={16 + (os.getpid() + _worker) % 48}"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # a review remembers more numbers than the usual 300
    }
}
CELERY_BROKER_URL = "memory://"

USE_I18N = True  # so that what is remembered is held apart by language, as with several of them
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ACCOUNT_RATE_LIMITS = False
API_RATE_LIMITS = False
ALLOWED_HOSTS = ["*"]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

LOGGING = {"version": 1, "disable_existing_loggers": False}
