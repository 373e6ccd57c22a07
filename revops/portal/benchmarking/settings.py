"""The settings of the measured server: the real ones, with a database that is thrown away and no rate limits."""

import os
from pathlib import Path

from revops.settings import *  # noqa: F403
from revops.settings import DATABASES, STORAGES

DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
DATABASES["default"]["OPTIONS"]["pool"]["max_size"] = int(os.environ.get("BENCH_THREADS", "8")) + 2
ROOT_URLCONF = "revops.portal.benchmarking.site"
API_RATE_LIMITS = False
if os.environ.get("BENCH_STATIC"):  # collected as in production
    STATIC_ROOT = Path(os.environ["BENCH_STATIC"])
else:
    STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    WHITENOISE_USE_FINDERS = True
