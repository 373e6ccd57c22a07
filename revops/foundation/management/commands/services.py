"""Shows, starts and stops the PostgreSQL and Valkey that the portal runs by itself."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from revops.foundation.embedded import ServiceError, ensure_services, services_status, stop_services


class Command(BaseCommand):
    help = "Shows, starts or stops the embedded PostgreSQL and Valkey."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["status", "start", "stop"])
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        parser.add_argument("--force", action="store_true", help="stop even while another process uses them")

    def handle(self, *args: Any, action: str, json: bool, force: bool, **options: Any) -> None:
        if not settings.EMBEDDED_SERVICES:
            raise CommandError("This portal uses servers of yours (DATABASE_URL, REDIS_URL); it runs none itself.")
        changed: list[str] = []
        try:
            if action == "start":
                changed = ensure_services()
            if action == "stop":
                changed = stop_services(force=force)
        except ServiceError as problem:
            raise CommandError(str(problem)) from problem
        self._show(action, changed, as_json=json)

    def _show(self, action: str, changed: list[str], *, as_json: bool) -> None:
        found = services_status()
        if as_json:
            self.stdout.write(json.dumps({"action": action, "changed": changed, "services": found}, indent=2))
            return
        for name, service in found.items():
            if service["running"]:
                line = f"runs, version {service['version']}, process {service['pid']}, {service['address']}"
            else:
                line = "stopped now" if name in changed else "does not run; it starts when it is needed"
            self.stdout.write(f"{name:9} {line}")
