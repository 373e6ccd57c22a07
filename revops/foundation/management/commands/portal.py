"""Runs the whole portal: web server, worker and scheduler, with the services they need."""

import contextlib
import fcntl
import http.client
import json
import os
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from revops.foundation.embedded import ServiceError, ServicesInUse, ensure_services, stop_services
from revops.foundation.supervisor import Process, ProcessFailed, Supervisor
from revops.foundation.web_server import gunicorn_command

_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 -- compared, not bound


class Command(BaseCommand):
    help = "Runs web server, worker and scheduler together until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", action="store_true", help="show the demo company; fill the portal if it is empty")
        parser.add_argument("--bind", default=os.environ.get("BIND", "127.0.0.1"), help="address to listen on")

    def handle(self, *args: Any, demo: bool, bind: str, **options: Any) -> None:
        self.bind = bind
        try:
            with self._only_once():
                self._check_port()
                try:
                    self._prepare(demo=demo)
                    self._serve()
                finally:
                    self._stop_services()
        except (ServiceError, ProcessFailed) as problem:
            raise CommandError(str(problem)) from problem

    @contextlib.contextmanager
    def _only_once(self) -> Iterator[None]:
        """One portal per VAR_DIR: two schedulers on one database would only get in each other's way."""
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        with (settings.VAR_DIR / "portal.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as running:
                lock.seek(0)
                raise CommandError(
                    f"This portal already runs at {lock.read().strip()}. Stop it there with Ctrl-C, "
                    "or give the second one a VAR_DIR and a PORT of its own."
                ) from running
            lock.truncate(0)
            lock.write(settings.PUBLIC_URL)
            lock.flush()
            yield

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.bind, settings.PORT))
            except OSError as taken:
                raise CommandError(
                    f"Port {settings.PORT} is used by another program. Choose another one: PORT={settings.PORT + 1}."
                ) from taken

    def _prepare(self, *, demo: bool) -> None:
        if settings.EMBEDDED_SERVICES:
            self.stdout.write("Starting PostgreSQL and Valkey …")
            ensure_services()
        self.stdout.write("Bringing the tables up to date …")
        call_command("migrate", interactive=False, verbosity=0)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if demo and "seed_demo" in get_commands():
            # A process of its own: its memory is given back before the portal starts.
            done = subprocess.run([sys.executable, sys.argv[0], "seed_demo", "--if-empty"], check=False)
            if done.returncode:
                raise CommandError("The demo company could not be made; the lines above say why.", returncode=1)
            self._tell_demo_address()

    def _tell_demo_address(self) -> None:
        """The demo may run at another port than last time."""
        file: Path = settings.VAR_DIR / "demo.json"
        if file.exists():
            known = json.loads(file.read_text())
            if known.get("base_url") != settings.PUBLIC_URL:
                file.write_text(json.dumps({**known, "base_url": settings.PUBLIC_URL}, indent=2) + "\n")

    def _serve(self) -> None:
        supervisor = Supervisor(self._processes(), tell=self._tell, watch=self._watch)
        supervisor.run(ready=self._answers, when_ready=self._announce)
        self.stdout.write("RevOps Portal has stopped. Nothing was lost.")

    def _processes(self) -> list[Process]:
        logs = settings.VAR_DIR / "log"
        celery = [sys.executable, "-m", "celery", "--app", "revops"]
        return [
            Process("The web server", self._web_command(), logs / "web.log"),
            Process(
                "The worker",
                [*celery, "worker", "--loglevel=WARNING", "--without-gossip", "--without-mingle"],
                logs / "worker.log",
            ),
            Process("The scheduler", [*celery, "beat", "--loglevel=WARNING", "--pidfile="], logs / "scheduler.log"),
        ]

    def _web_command(self) -> list[str]:
        workers, threads = os.environ.get("WEB_WORKERS", "2"), os.environ.get("WEB_THREADS", "8")
        return gunicorn_command(f"{self.bind}:{settings.PORT}", workers=int(workers), threads=int(threads))

    def _watch(self) -> None:
        """Bring back a service that died; until then requests wait or answer 503."""
        if settings.EMBEDDED_SERVICES:
            try:
                started = ensure_services()
            except ServiceError as problem:
                self._tell(str(problem))
                return
            for name in started:
                self._tell(f"{name} had ended; it runs again.")

    def _answers(self) -> bool:
        address = "127.0.0.1" if self.bind in _EVERYWHERE else self.bind
        try:
            with contextlib.closing(http.client.HTTPConnection(address, settings.PORT, timeout=5)) as browser:
                browser.request("GET", "/healthz/live", headers={"Host": "localhost"})
                return browser.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False

    def _announce(self) -> None:
        self._tell(f"RevOps Portal is ready: {settings.PUBLIC_URL}  (Ctrl-C stops it)")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _stop_services(self) -> None:
        if settings.EMBEDDED_SERVICES:
            # Others, such as a test run, may still use them.
            with contextlib.suppress(ServicesInUse):
                stop_services()
