"""Rate limits: a token bucket per key in Valkey, with a bucket of this process when Valkey is away."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

import redis
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.request import Request

from revops.foundation.api.problems import ProblemError
from revops.foundation.models import ApiKey

logger = logging.getLogger(__name__)

PER_MINUTE = 600
ANONYMOUS_PER_MINUTE = 20
SMALLEST_BURST = 100

_TAKE = """
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local burst, per_second, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local tokens = tonumber(bucket[1]) or burst
tokens = math.min(burst, tokens + math.max(0, now - (tonumber(bucket[2]) or now)) * per_second)
local allowed = tokens >= cost
if allowed then tokens = tokens - cost end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(burst / per_second) + 1)
return {allowed and 1 or 0, tostring(tokens)}
"""
_AWAY_FOR = 2.0
_MOST_LOCAL = 10_000

_away_until = 0.0
_local: dict[str, tuple[float, float]] = {}
_lock = Lock()


@dataclass(frozen=True)
class Limit:
    """How many requests a minute, and how many at once."""

    per_minute: int
    burst: int

    @property
    def per_second(self) -> float:
        return self.per_minute / 60


@dataclass(frozen=True)
class Allowance:
    """What is left after a request."""

    limit: Limit
    tokens: float
    is_allowed: bool
    cost: int

    def headers(self) -> dict[str, str]:
        """RateLimit fields of the IETF draft; Retry-After when refused."""
        full_in = math.ceil((self.limit.burst - self.tokens) / self.limit.per_second)
        fields = {
            "RateLimit-Policy": f'"default";q={self.limit.per_minute};w=60',
            "RateLimit": f'"default";r={max(0, int(self.tokens))};t={full_in}',
        }
        if not self.is_allowed:
            fields["Retry-After"] = str(max(1, math.ceil((self.cost - self.tokens) / self.limit.per_second)))
        return fields


def take(request: Request, cost: int = 1) -> Allowance | None:
    """Take `cost` from the bucket of who asks: the key, the person, or the address of a stranger. One call to Valkey.

    None while limits are switched off (`API_RATE_LIMITS = False`).
    """
    if not getattr(settings, "API_RATE_LIMITS", True):
        return None
    name, limit = _bucket(request)
    tokens, is_allowed = _take(name, limit, min(cost, limit.burst))
    return Allowance(limit, tokens, is_allowed, min(cost, limit.burst))


def refuse(allowance: Allowance) -> ProblemError:
    """The problem rate_limited, with the time to wait."""
    headers = allowance.headers()
    words = _("Ask again in %(n)s s, and not more than %(most)s times a minute.")
    detail = words % {"n": headers["Retry-After"], "most": allowance.limit.per_minute}
    return ProblemError("rate_limited", detail, headers={"Retry-After": headers["Retry-After"]})


def _bucket(request: Request) -> tuple[str, Limit]:
    if isinstance(request.auth, ApiKey):
        per_minute = request.auth.requests_per_minute or PER_MINUTE
        return f"limit:key:{request.auth.pk}", Limit(per_minute, max(SMALLEST_BURST, per_minute // 6))
    if request.user is not None and request.user.is_authenticated:
        return f"limit:user:{request.user.pk}", Limit(PER_MINUTE, SMALLEST_BURST)
    return f"limit:address:{address_of(request)}", Limit(ANONYMOUS_PER_MINUTE, ANONYMOUS_PER_MINUTE)


def address_of(request: Request | HttpRequest) -> str:
    """Where a stranger asks from: behind N trusted proxies, the Nth entry from the end of X-Forwarded-For."""
    hops = int(getattr(settings, "TRUSTED_PROXIES", 0))
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return str(request.META.get("REMOTE_ADDR", ""))


def _take(name: str, limit: Limit, cost: int) -> tuple[float, bool]:
    global _away_until  # noqa: PLW0603 - one per process is the point
    if time.monotonic() >= _away_until:
        try:
            allowed, tokens = _script()(keys=[name], args=[limit.burst, limit.per_second, cost])
            return float(tokens), bool(allowed)
        except (redis.RedisError, OSError) as error:
            _away_until = time.monotonic() + _AWAY_FOR
            logger.warning("Rate limits are kept per process for now: %s", error)
    return _take_here(name, limit, cost)


def _take_here(name: str, limit: Limit, cost: int) -> tuple[float, bool]:
    now = time.monotonic()
    with _lock:
        if len(_local) > _MOST_LOCAL:
            _local.clear()
        tokens, at = _local.get(name, (float(limit.burst), now))
        tokens = min(limit.burst, tokens + (now - at) * limit.per_second)
        is_allowed = tokens >= cost
        if is_allowed:
            tokens -= cost
        _local[name] = (tokens, now)
    return tokens, is_allowed


@cache
def _script() -> redis.commands.core.Script:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25)
    return client.register_script(_TAKE)
