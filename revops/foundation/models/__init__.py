"""The tables of the ground: people, outbox, ledger, jobs and access by machines."""

from revops.foundation.models.access import ApiKey, IdempotencyKey, IdempotencyState
from revops.foundation.models.jobs import Job, JobState
from revops.foundation.models.ledger import LedgerEntry
from revops.foundation.models.notifying import (
    PERSONAL_CHANNELS,
    Cadence,
    ChatEndpoint,
    DigestLine,
    NoticePreference,
    NoticeSetting,
)
from revops.foundation.models.outbox import Channel, MessageState, Notice, OutboxMessage
from revops.foundation.models.people import Role, Shortcuts, Side, Team, Theme, User, check_timezone

__all__ = [
    "PERSONAL_CHANNELS",
    "ApiKey",
    "Cadence",
    "Channel",
    "ChatEndpoint",
    "DigestLine",
    "IdempotencyKey",
    "IdempotencyState",
    "Job",
    "JobState",
    "LedgerEntry",
    "MessageState",
    "Notice",
    "NoticePreference",
    "NoticeSetting",
    "OutboxMessage",
    "Role",
    "Shortcuts",
    "Side",
    "Team",
    "Theme",
    "User",
    "check_timezone",
]
