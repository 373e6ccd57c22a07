"""The settings of the web server that is killed: the real ones on the test's database, its uploads, and no limits."""

import os
from pathlib import Path

os.environ["BENCH_DATABASE"] = os.environ["SOAK_DATABASE"]

from revops.portal.benchmarking.settings import *  # noqa: F403

ROOT_URLCONF = "revops.urls"
CELERY_BROKER_URL = os.environ["SOAK_BROKER"]
VAR_DIR = Path(os.environ["SOAK_FILES"])
ALLOWED_HOSTS = ["*"]
FORM_POSTS = 10**9
