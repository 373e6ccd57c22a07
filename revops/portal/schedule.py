"""What runs when. Every entry is safe to run twice and only finds work that is written down in rows."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "deliver what waits in the outbox": {"task": "foundation.deliver_outbox", "schedule": 5.0},
    "ring again for abandoned jobs": {"task": "foundation.sweep_jobs", "schedule": 5.0},
    "finish pending submissions": {"task": "portal.finish_pending", "schedule": 15.0},
    "let signed agreements take effect": {"task": "portal.tend_agreements", "schedule": crontab(minute="4")},
    "tell managers of leads that nobody has": {"task": "portal.raise_alarms", "schedule": 60.0},
    "renew public holidays": {"task": "portal.renew_calendars", "schedule": crontab(minute="30", hour="3")},
    "deal out hand-offs that wait for somebody": {"task": "portal.deal_waiting", "schedule": 60.0},
    "let overrides end": {"task": "portal.settle_overrides", "schedule": 60.0},
    "publish rulebooks whose time has come": {"task": "portal.publish_scheduled", "schedule": 60.0},
    "say what published rules changed": {"task": "portal.report_effects", "schedule": crontab(minute="20", hour="4")},
    "score what time changed": {"task": "portal.reevaluate", "schedule": 60.0},
    "score what a new rulebook left behind": {"task": "portal.catch_up", "schedule": 120.0},
    "ask who may be the same": {"task": "portal.propose_matches", "schedule": 20.0},
    "tell of accounts that surge": {"task": "portal.raise_surges", "schedule": 30.0},
    "close the gate to dead addresses": {"task": "portal.learn_bounces", "schedule": crontab(minute="*/10")},
    "take what webhooks posted": {"task": "portal.take_deliveries", "schedule": 10.0},
    "read the mailbox": {"task": "portal.read_mailbox", "schedule": 30.0},
    "keep retention": {"task": "portal.keep_retention", "schedule": crontab(minute="20", hour="2")},
    "let consents run out": {"task": "portal.expire_consents", "schedule": crontab(minute="13")},
    "measure what questions gain": {"task": "portal.measure_questions", "schedule": crontab(minute="50", hour="2")},
    "pack the past for backtests": {"task": "portal.pack_cases", "schedule": 30.0},
    "climb the ladder of promises that run out": {"task": "portal.escalate", "schedule": 60.0},
    "send digests": {"task": "foundation.send_digests", "schedule": 60.0},
    "tell of imports that were never started": {
        "task": "portal.tell_of_expired_imports",
        "schedule": crontab(minute="*/15"),
    },
    "count whom content reached": {"task": "portal.count_reach", "schedule": crontab(minute="*/10")},
    "let drafts judge in the shadow": {"task": "portal.judge_shadows", "schedule": 60.0},
    "forget old idempotency keys": {"task": "foundation.forget_idempotency_keys", "schedule": crontab(minute="17")},
    "add up which days changed": {"task": "portal.fold_changed_days", "schedule": 60.0},
    "open findings of the week that is over": {"task": "portal.open_findings", "schedule": crontab(minute="7")},
    "freeze the week that is over": {"task": "portal.freeze_reviews", "schedule": crontab(minute="3")},
    "audit what is stored": {"task": "portal.audit_integrity", "schedule": crontab(minute="10", hour="3")},
    "prove a sample of decisions": {"task": "portal.prove_decisions", "schedule": crontab(minute="40", hour="2")},
    "prove remembered numbers": {"task": "portal.prove_numbers", "schedule": crontab(minute="45", hour="3")},
    "tell owners of expired talk tracks": {"task": "portal.tell_expired_tracks", "schedule": crontab(minute="10")},
}
