"""Looks for surges and tells the owner of each account, once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leads.models import AccountTask
from leads.surges import find_surges
from revops.foundation import outbox
from revops.foundation.models import OutboxMessage, Role, User

KIND = "account.surge"


def raise_surges(*, now: datetime) -> int:
    """The sweep: a task and a notice for every account that surges since the last look. Returns how many."""
    with transaction.atomic():
        tasks = find_surges(now=now)
        outbox.enqueue(_notices(tasks, now))
        return len(tasks)


def _notices(tasks: Sequence[AccountTask], now: datetime) -> list[OutboxMessage]:
    """To the owner; of an account that nobody owns, to the sales managers."""
    if not tasks:
        return []
    managers = list(User.objects.filter(role=Role.SALES_MANAGER, is_active=True).values_list("pk", flat=True))
    return [
        OutboxMessage(
            kind=KIND, subject_kind="account", subject_id=task.account_id, channel="in_app", recipient=str(who),
            created_at=now, payload={"text": _words(task), "url": f"/accounts/{task.account.public_id}/#surge"},
        )
        for task in tasks
        for who in ([task.owner_id] if task.owner_id else managers)
    ]  # fmt: skip


def _words(task: AccountTask) -> str:
    n = len(task.people)
    people = ngettext("%(n)s person", "%(n)s people", n) % {"n": n}
    words = _("%(account)s is surging: %(people)s, %(acts)s strong acts.") % {
        "account": task.account.name, "people": people, "acts": task.signals,
    }  # fmt: skip
    return f"{words} {_('Topics: %(topics)s.') % {'topics': ', '.join(task.topics)}}" if task.topics else words
