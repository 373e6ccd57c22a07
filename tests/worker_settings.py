"""The settings of a real worker on the database, the broker and the uploads of a test that started it."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"]["NAME"] = os.environ["WORKER_DATABASE"]
CELERY_BROKER_URL = os.environ["WORKER_BROKER"]
CELERY_WORKER_CONCURRENCY = 1
VAR_DIR = Path(os.environ["WORKER_FILES"])
