"""A web server and a worker as in production, each with everything it started in a group that can be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from revops.foundation.web_server import gunicorn_command


class Process:
    """Something that runs until it is killed, and is started again."""

    command: list[str]
    module: str

    def __init__(self, broker: str, log: Path) -> None:
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": self.module,
            "SOAK_DATABASE": connection.settings_dict["NAME"],
            "SOAK_BROKER": broker,
            "SOAK_FILES": str(settings.VAR_DIR),
            "WORKER_DATABASE": connection.settings_dict["NAME"],
            "WORKER_BROKER": broker,
            "WORKER_FILES": str(settings.VAR_DIR),
            "SECRET_KEY": settings.SECRET_KEY,
        }
        self.log = log
        self.process: subprocess.Popen[Any] | None = None

    def start(self) -> None:
        with self.log.open("a") as output:
            self.process = subprocess.Popen(
                self.command, env=self.environment, start_new_session=True, stdout=output, stderr=output,
                cwd=settings.BASE_DIR,
            )  # fmt: skip

    def kill(self) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


class Web(Process):
    """Gunicorn with threads, on a free port that stays the same."""

    module = "tests.soak.settings"

    def __init__(self, broker: str, log: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.command = gunicorn_command(f"127.0.0.1:{self.port}", workers=1, log_level="critical")
        super().__init__(broker, log)
        self.environment["PUBLIC_URL"] = f"http://127.0.0.1:{self.port}"


class Worker(Process):
    """One Celery worker."""

    module = "tests.worker_settings"
    command = [sys.executable, "-m", "celery", "--app", "revops", "worker", "--loglevel=WARNING",
               "--without-gossip", "--without-mingle"]  # fmt: skip
