"""The Celery application: rows are the truth, Celery is the engine, a message is only a doorbell."""

import os
from importlib import import_module
from importlib.util import find_spec

from celery import Celery
from celery.signals import beat_init, worker_init, worker_process_init

from revops.foundation.processes import work_in_the_background

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "revops.settings")

app = Celery("revops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_finalize.connect
def read_schedule(sender: Celery, **_: object) -> None:
    """Take the periodic jobs from the roof, the only place that knows what has to run when."""
    # By name: the ground may not import the roof, it only knows where the list hangs.
    if find_spec("revops.portal.schedule"):
        sender.conf.beat_schedule = import_module("revops.portal.schedule").SCHEDULE


@worker_process_init.connect
def step_back(**_: object) -> None:
    """Imports and rescorings wait for people, and make many objects with hardly any garbage in cycles."""
    work_in_the_background()


@worker_init.connect
@beat_init.connect
def start_embedded_services(**_: object) -> None:
    """A worker or scheduler started by hand finds its broker running."""
    from django.conf import settings

    if settings.EMBEDDED_SERVICES:
        from revops.foundation.embedded import ensure_services

        ensure_services()
