"""All settings of the portal, read from the environment; `docs/operations.md` lists the variables.

Nothing needs to be set for a trial (`make demo`) or for development (`DEBUG=1`). Production needs `SECRET_KEY` and
`PUBLIC_URL`; with `DATABASE_URL` and `REDIS_URL` it uses your servers, without them it runs its own in `VAR_DIR`.
"""

import os
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from revops.foundation.embedded.environment import database_from_url, embedded_database, kept_secret, switch
from revops.foundation.embedded.layout import Layout

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Which portal is this? -------------------------------------------------------------------------------------------
DEBUG = switch("DEBUG")
DEMO_MODE = switch("DEMO_MODE")
PRODUCTION = not (DEBUG or DEMO_MODE)
PORT = int(os.environ.get("PORT", "8000"))
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var")).resolve()
VERSION = "0.1.0"

SECRET_KEY = os.environ.get("SECRET_KEY") or kept_secret(VAR_DIR / "secret_key", may_create=not PRODUCTION)
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set, so the portal does not start. Set SECRET_KEY to 50 or more random characters and keep "
        "it (for example: export SECRET_KEY=$(openssl rand -hex 40)). To try the portal, run 'make demo'; "
        "to develop it, set DEBUG=1. Both make a key for this machine."
    )

_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = [host.strip() for host in os.environ.get("ALLOWED_HOSTS", "").split(",") if host.strip()] or [
    _public.hostname or "localhost",
    "localhost",
    "127.0.0.1",
    "[::1]",
    socket.gethostname(),
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# --- Applications, one per floor -------------------------------------------------------------------------------------
FLOORS = ["revops.foundation", "leads", "scoring", "sla", "feedback", "revops.portal"]
INSTALLED_APPS = [
    *FLOORS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "crispy_forms",
    "crispy_bootstrap5",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
]
MIDDLEWARE = [
    "revops.foundation.middleware.RequestIdMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # a page is 100 kB of words; what it adds at random keeps lengths untold
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "revops.foundation.middleware.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "revops.foundation.middleware.TimezoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "revops.urls"
WSGI_APPLICATION = "revops.wsgi.application"
FORM_RENDERER = "revops.foundation.pages.rendering.PortalRenderer"
_PLACES = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [("revops.foundation.pages.folding.Loader", _PLACES)] if not DEBUG else _PLACES,
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "revops.foundation.pages.context.portal",
            ],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# --- PostgreSQL and Valkey: yours by URL, else the embedded ones, started on the first connection --------------------
EMBEDDED = Layout(VAR_DIR)
EMBEDDED_POSTGRES = not os.environ.get("DATABASE_URL")
EMBEDDED_VALKEY = not os.environ.get("REDIS_URL")
EMBEDDED_SERVICES = EMBEDDED_POSTGRES or EMBEDDED_VALKEY

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        **(embedded_database(EMBEDDED) if EMBEDDED_POSTGRES else database_from_url(os.environ["DATABASE_URL"])),
        "CONN_HEALTH_CHECKS": True,
    }
}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "application_name": "revops-portal",
    "pool": {"min_size": 1, "max_size": int(os.environ.get("DATABASE_POOL_SIZE", "10")), "timeout": 10},
    # Rows come with six relations, joined by key in the order written: weighing every other order took ten times as
    # long as the answer.
    # A plan that is kept serves any value; the server would weigh making another one each time, and often did.
    "options": "-c join_collapse_limit=4 -c plan_cache_mode=force_generic_plan"
    " -c lock_timeout=10s -c statement_timeout=60s -c idle_in_transaction_session_timeout=300s",
}
REDIS_URL = os.environ.get("REDIS_URL") or EMBEDDED.valkey_url
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 1, "retry": Retry(NoBackoff(), 0)},
    }
}

# --- Work in the background ------------------------------------------------------------------------------------------
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL") or REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_connect_timeout": 2, "socket_timeout": 30}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1, "interval_max": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = int(os.environ.get("WORKERS", "2"))
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000  # kilobytes: the memory bar of a task worker
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# --- People and sign-in ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "foundation.User"
AUTHENTICATION_BACKENDS = ["revops.foundation.sessions.AuthenticationBackend"]
SESSION_ENGINE = "revops.foundation.sessions"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "revops.foundation.signing_in.AccountAdapter"  # strangers cannot sign up
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an admin, who knows the address
ACCOUNT_EMAIL_NOTIFICATIONS = True  # whoever's password or second factor changes is told
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS: dict[str, str] | bool = False if DEMO_MODE else {"login_failed": "10/m/ip,5/5m/key"}
_FORMS = "revops.portal.session.sign_in_forms"
ACCOUNT_FORMS = {
    "login": f"{_FORMS}.SignInForm",
    "change_password": f"{_FORMS}.ChangePasswordForm",
    "set_password": f"{_FORMS}.SetPasswordForm",
    "reset_password": f"{_FORMS}.ForgottenPasswordForm",
    "reset_password_from_key": f"{_FORMS}.ChoosePasswordForm",
    "reauthenticate": f"{_FORMS}.PasswordAgainForm",
}
MFA_ADAPTER = "revops.foundation.signing_in.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": f"{_FORMS}.SecondFactorForm",
    "reauthenticate": f"{_FORMS}.SecondFactorAgainForm",
    "activate_totp": f"{_FORMS}.AuthenticatorAppForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "RevOps Portal"
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {"openid_connect": {"APPS": []}}

# --- Security: cookies and transport (the content policy is in foundation/middleware.py) -----------------------------
_https = PRODUCTION and _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# Cookies ignore ports, so each portal on one machine needs names of its own or they sign each other out.
SESSION_COOKIE_NAME = "__Host-session" if _https else f"session_{PORT}"
CSRF_COOKIE_NAME = "__Host-csrf" if _https else f"csrf_{PORT}"
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if switch("BEHIND_PROXY") else None
SECURE_SSL_REDIRECT = _https and switch("BEHIND_PROXY")
# How many proxies of yours add to X-Forwarded-For: limits are per visitor, not per proxy.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "1" if switch("BEHIND_PROXY") else "0"))
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "revops.foundation.pages.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "revops.foundation.api.problems.handle_exception",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "revops.foundation.api.authentication.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "RevOps Portal API",
    "DESCRIPTION": "Capture, score, route, answer and learn from leads.",
    "VERSION": VERSION,
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["revops.portal.api.reference.add_schemas"],
}

# --- Language, time, files, mail, logs -------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = len(LANGUAGES) > 1  # where there is one, a page need not look up its thousand words
USE_TZ = True
TIME_ZONE = "UTC"
ORGANISATION_TIME_ZONE = os.environ.get("ORGANISATION_TIME_ZONE", "UTC")  # in which weeks begin
# From so many past cases on, backtests run in a helper process beside the one that asks.
BACKTEST_APART_FROM = int(os.environ.get("BACKTEST_APART_FROM", "100000"))
REPORTING_CURRENCY = os.environ.get("REPORTING_CURRENCY", "EUR")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_MANIFEST_STRICT = False  # a missing picture is a missing picture, not a broken page
MEDIA_ROOT = VAR_DIR / "files"

EMAIL_BACKEND = os.environ.get(
    "EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend" if PRODUCTION else "django.core.mail.backends.filebased.EmailBackend",
)
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = switch("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
# A directory into which a mail program puts .eml files; they become submissions of this source.
MAILBOX_DIR = os.environ.get("MAILBOX_DIR", "")
MAILBOX_SOURCE = os.environ.get("MAILBOX_SOURCE", "mailbox")
# For tests and trials only: lets chat channels be http addresses and lead into your own network.
ALLOW_PRIVATE_ENDPOINTS = switch("ALLOW_PRIVATE_ENDPOINTS")
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "RevOps Portal <portal@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
