"""What this portal needs to work: each check says ok or what to do; for load balancers and for `manage.py doctor`."""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import django
import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from revops.foundation.embedded import ServiceError, services_status

OLDEST_POSTGRES = 180_000
MAX_CLOCK_SKEW = timedelta(seconds=2)
MAX_QUEUE_DELAY = timedelta(minutes=5)
MIN_FREE_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `action` says what to do and is empty when all is well."""

    name: str
    finding: str
    action: str = ""

    @property
    def ok(self) -> bool:
        return not self.action

    def as_json(self) -> dict[str, str | bool]:
        return {"name": self.name, "ok": self.ok, "finding": self.finding, "action": self.action}


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; says nothing about what it depends on."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served, else 503 with what to do. Valkey may be down: that costs seconds, not work."""
    checks = [check_database(), check_migrations(), check_valkey()]
    able = all(check.ok for check in checks if check.name != "valkey")
    status = "ok" if all(check.ok for check in checks) else "degraded" if able else "unavailable"
    # Without findings: versions and addresses are nobody's business outside.
    public = {check.name: {"ok": check.ok, "action": check.action} for check in checks}
    return JsonResponse({"status": status, "checks": public}, status=200 if able else 503)


def examine() -> Iterator[Check]:
    """Every check, in the order in which one would repair things."""
    for check in (
        check_versions,
        check_disk,
        check_services,
        check_database,
        check_migrations,
        check_valkey,
        check_queue,
        check_jobs,
        check_outbox,
        check_clock,
        check_time_zones,
    ):
        yield check()


def check_versions() -> Check:
    """The programs that this process runs on."""
    finding = f"portal {settings.VERSION}, Python {platform.python_version()}, Django {django.get_version()}"
    return Check("versions", finding)


def check_disk() -> Check:
    """Room for the database and its log."""
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.VAR_DIR).free
    finding = f"{free / 2**30:.1f} GB free in {settings.VAR_DIR}"
    return Check("disk", finding, "" if free >= MIN_FREE_BYTES else "Free at least 2 GB, or move VAR_DIR.")


def check_services() -> Check:
    """The servers this portal runs by itself."""
    if not settings.EMBEDDED_SERVICES:
        return Check("services", "servers of yours (DATABASE_URL, REDIS_URL)")
    wanted = {"postgres": settings.EMBEDDED_POSTGRES, "valkey": settings.EMBEDDED_VALKEY}
    found = {name: service["running"] for name, service in services_status().items() if wanted[name]}
    finding = ", ".join(f"{name} {'runs' if running else 'does not run'}" for name, running in found.items())
    return Check("services", finding, "" if all(found.values()) else "Run 'manage.py services start'.")


def check_database() -> Check:
    """PostgreSQL answers and is new enough."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int")
            version, number = cursor.fetchone()
    except (DatabaseError, ServiceError) as problem:
        action = "Start the server that DATABASE_URL names, or correct DATABASE_URL."
        if settings.EMBEDDED_POSTGRES:
            action = f"Run 'manage.py services start' and read {settings.EMBEDDED.postgres_log}."
        return Check("database", _first_line(problem), action)
    old = number < OLDEST_POSTGRES
    return Check("database", f"PostgreSQL {version}", "Use PostgreSQL 18 or newer." if old else "")


def check_migrations() -> Check:
    """The tables are as new as the code."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, ServiceError) as problem:
        return Check("migrations", _first_line(problem), "Repair the database first.")
    if not plan:
        return Check("migrations", "all applied")
    names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
    return Check("migrations", f"{len(plan)} not applied: {names}", "Run 'manage.py migrate'.")


def check_valkey() -> Check:
    """Valkey (or Redis) answers."""
    try:
        with _valkey() as client:
            info = client.info("server")
    except (redis.RedisError, OSError) as problem:
        action = "Start the server that REDIS_URL names, or correct REDIS_URL. Until then work starts with a delay."
        if settings.EMBEDDED_VALKEY:
            action = "Run 'manage.py services start'. Until then work starts with a delay."
        return Check("valkey", _first_line(problem), action)
    name = "Valkey" if "valkey_version" in info else "Redis"
    return Check("valkey", f"{name} {info.get('valkey_version') or info.get('redis_version')}")


def check_queue() -> Check:
    """Workers take what the doorbell announces."""
    try:
        with _valkey() as client:
            waiting = int(client.llen("celery"))
    except (redis.RedisError, OSError) as problem:
        return Check("queue", _first_line(problem), "Repair Valkey first.")
    action = "Start a worker: 'manage.py portal' runs one." if waiting > 1_000 else ""
    return Check("queue", "1 message waits" if waiting == 1 else f"{waiting} messages wait", action)


def check_jobs() -> Check:
    """Long work does not wait for a worker that is not there."""
    return _check_delay("jobs", "foundation_job", "created_at", "waiting")


def check_outbox() -> Check:
    """What should leave leaves."""
    return _check_delay("outbox", "foundation_outboxmessage", "available_at", "waiting")


def check_clock() -> Check:
    """This machine and the database agree on the time: deadlines depend on it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            skew = abs(datetime.now(UTC) - cursor.fetchone()[0])
    except (DatabaseError, ServiceError) as problem:
        return Check("clock", _first_line(problem), "Repair the database first.")
    late = skew > MAX_CLOCK_SKEW
    action = "Synchronise the clocks (NTP) of this machine and of the database server." if late else ""
    return Check("clock", f"{skew.total_seconds() * 1000:.0f} ms apart from the database", action)


def check_time_zones() -> Check:
    """Zone data are there: calendars of teams need them."""
    try:
        ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
    except ZoneInfoNotFoundError as problem:
        return Check("time zones", _first_line(problem), "Install the zone data: 'uv pip install tzdata'.")
    return Check("time zones", "zone data found")


def _check_delay(name: str, table: str, column: str, state: str) -> Check:
    """How long the oldest due row of `table` has been waiting."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*), min({column}) FROM {table} WHERE state = %s AND {column} <= %s",  # noqa: S608
                [state, timezone.now()],
            )
            waiting, oldest = cursor.fetchone()
    except (DatabaseError, ServiceError) as problem:
        return Check(name, _first_line(problem), "Repair the database and run 'manage.py migrate' first.")
    if not waiting:
        return Check(name, "nothing waits")
    delay = timezone.now() - oldest
    action = "Start a worker and a scheduler: 'manage.py portal' runs both." if delay > MAX_QUEUE_DELAY else ""
    return Check(name, f"{waiting} {'waits' if waiting == 1 else 'wait'}, the oldest for {_minutes(delay)}", action)


def _minutes(delay: timedelta) -> str:
    seconds = int(delay.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7_200 else f"{seconds // 3_600} h {seconds // 60 % 60} min"


def _first_line(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__


def _valkey() -> redis.Redis:
    no_retry = Retry(NoBackoff(), 0)
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=1, retry=no_retry)
