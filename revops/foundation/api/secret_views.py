"""Writes whose answer shows a secret: once, and never again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from revops.foundation.api.idempotency import keep, keyed_write, replayed, reserve
from revops.foundation.api.views import ApiView


class SecretView(ApiView):
    """What is kept for repeats of the request leaves the secret out."""

    is_transactional = False

    def once(self, request: Request, run: Callable[[], tuple[Mapping[str, Any], str]], status: int) -> Any:
        """Runs a write that answers with what is shown and with the secret, in a transaction, once per key."""
        write = keyed_write(request)
        with transaction.atomic():
            if write is not None:
                reserve([write], timezone.now())
                if write.kept is not None:
                    return replayed(write)
            shown, secret = run()
            if write is not None:
                keep([(write, self._finished(Response({**shown, "secret": None}, status=status)))])
            return Response({**shown, "secret": secret}, status=status)
