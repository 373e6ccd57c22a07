"""What the roof does later: finish what a crash left, score what time changed, freeze the week that is over."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from feedback import findings
from feedback.metrics import Week, cells
from feedback.reviews import freeze_review, organisation_zone
from feedback.reviews.proving import prove_remembered_numbers
from leads import asset_reach, consents
from leads.matching.sweeping import sweep_all
from revops.portal import journey
from revops.portal.accounts import surging
from revops.portal.agreement import notices as agreements
from revops.portal.auditor import working as auditor
from revops.portal.gate import bounces
from revops.portal.hooks import taking
from revops.portal.imports import holding
from revops.portal.lead_forms import worth
from revops.portal.mailbox.directory import read_directory
from revops.portal.mailbox.taking import mailbox_source
from revops.portal.overrides import acting as overrides
from revops.portal.privacy import retention
from revops.portal.routing import alarms
from revops.portal.rules import going_live
from scoring.backtest import pack_everything
from scoring.replay import prove_replay
from scoring.shadow import catch_up_shadows
from sla import calendar_changes

NIGHTLY_SAMPLE = 1000
MOST_ROUNDS = 1000


@shared_task(name="portal.finish_pending")
def finish_pending() -> int:
    """Another try for journalled submissions whose processing failed."""
    return journey.finish_pending(now=timezone.now())


@shared_task(name="portal.deal_waiting")
def deal_waiting() -> int:
    """Another try for hand-offs that nobody could take."""
    return journey.deal_waiting(now=timezone.now())


@shared_task(name="portal.reevaluate")
def reevaluate() -> int:
    """Scores the leads whose points change by the passing of time."""
    return journey.reevaluate(now=timezone.now())


@shared_task(name="portal.catch_up")
def catch_up() -> int:
    """Scores leads that no rulebook, or an earlier one, judged last, until none is left behind."""
    done = 0
    for _ in range(MOST_ROUNDS):
        scored = journey.catch_up(now=timezone.now())
        if not scored:
            break
        done += scored
    return done


@shared_task(name="portal.learn_bounces")
def learn_bounces() -> int:
    """Closes the gate to addresses that sales found dead."""
    return bounces.learn_bounces(now=timezone.now())


@shared_task(name="portal.take_deliveries")
def take_deliveries() -> int:
    """Takes what webhooks posted on its journey."""
    return taking.take_deliveries(now=timezone.now())


@shared_task(name="portal.read_mailbox")
def read_mailbox() -> int:
    """Takes the mails that wait in MAILBOX_DIR. Answers how many; 0 without such a directory."""
    directory = Path(settings.MAILBOX_DIR) if settings.MAILBOX_DIR else None
    if directory is None or not directory.is_dir():
        return 0
    now = timezone.now()
    return read_directory(directory, mailbox_source(settings.MAILBOX_SOURCE, now), now=now).total()


@shared_task(name="portal.keep_retention")
def keep_retention() -> str:
    """Begins the nightly run of the retention rules; the page of privacy shows what it took."""
    return str(retention.start_retention(None, timezone.now()).pk)


@shared_task(name="portal.expire_consents")
def expire_consents() -> int:
    """Writes down which consents ran out."""
    with transaction.atomic():
        return consents.expire_consents(now=timezone.now())


@shared_task(name="portal.measure_questions")
def measure_questions() -> int:
    """Measures what each fact gains in acceptance, so that forms ask for the best one next."""
    return worth.remember_worth(timezone.now())


@shared_task(name="portal.pack_cases")
def pack_cases() -> int:
    """Packs the facts of new cases and of leads that changed, for backtests and rescoring."""
    return pack_everything(now=timezone.now())


@shared_task(name="portal.tell_of_expired_imports")
def tell_of_expired_imports() -> int:
    """Tells owners of imports that a system opened and never started."""
    return holding.tell_of_expired(timezone.now())


@shared_task(name="portal.count_reach")
def count_reach() -> int:
    """Counts whom each content asset reached since the last time."""
    return asset_reach.count_reach(now=timezone.now())


@shared_task(name="portal.audit_integrity")
def audit_integrity() -> str:
    """Begins the nightly audit; its answer stands on the health page."""
    return str(auditor.start_audit(None).pk)


@shared_task(name="portal.freeze_reviews")
def freeze_reviews() -> str:
    """Freezes the review of the week before this one; a second run changes nothing."""
    now = timezone.now()
    review = freeze_review(Week.of(now, organisation_zone()).plus(-1), now=now)
    return review.snapshot_hash


@shared_task(name="portal.fold_changed_days")
def fold_changed_days() -> int:
    """Adds up what changed by kind and day, for numbers that are remembered. Returns how many rows went."""
    return cells.fold_changed_days()


@shared_task(name="portal.open_findings")
def open_findings() -> int:
    """Opens the findings of the last four weeks that are over; a second run opens nothing. Returns how many are new."""
    now = timezone.now()
    week = Week.of(now, organisation_zone())
    with transaction.atomic():
        return sum(len(findings.open_findings(week.plus(-ago), now=now)) for ago in range(4, 0, -1))


@shared_task(name="portal.prove_decisions")
def prove_decisions() -> int:
    """Makes a nightly sample of decisions again; the health page shows how it went. Raises if one differs."""
    proof = prove_replay(NIGHTLY_SAMPLE, now=timezone.now())
    if proof.differences:
        raise RuntimeError(f"{proof.differences} differences in {proof.checked} decisions that were made again.")
    return proof.checked


@shared_task(name="portal.prove_numbers")
def prove_numbers() -> int:
    """Reads what the latest reviews remember from the rows again. Raises if a number differs."""
    if differing := prove_remembered_numbers(timezone.now()):
        raise RuntimeError(f"{len(differing)} remembered numbers were not those of the rows: {differing[:5]}")
    return 0


@shared_task(name="portal.judge_shadows")
def judge_shadows() -> int:
    """Lets drafts that run in the shadow judge the decisions since the last time."""
    return catch_up_shadows(now=timezone.now())


@shared_task(name="portal.tell_expired_tracks")
def tell_expired_tracks() -> int:
    """Tells the owners of talk tracks that expired; each once."""
    return journey.tell_expired_tracks(now=timezone.now())


@shared_task(name="portal.escalate")
def escalate() -> int:
    """Takes the steps of the ladder that are due. Answers how many; what a second scheduler took is not taken again."""
    return journey.escalate(now=timezone.now())


@shared_task(name="portal.tend_agreements")
def tend_agreements() -> int:
    """Lets signed agreements take effect on their day, and announces reviews that are due soon."""
    now = timezone.now()
    return agreements.tend_agreements(now, now.astimezone(organisation_zone()).date())


@shared_task(name="portal.raise_alarms")
def raise_alarms() -> int:
    """Tells managers of leads that nobody could take, once for each."""
    return alarms.raise_alarms(timezone.now())


@shared_task(name="portal.settle_overrides")
def settle_overrides() -> int:
    """Lets the leads of overrides that ended go back to the team their own tier says."""
    return overrides.settle(now=timezone.now())


@shared_task(name="portal.publish_scheduled")
def publish_scheduled() -> int:
    """Publishes signed rulebooks whose time has come, and tells those whose version could not be."""
    return going_live.publish_due(timezone.now())


@shared_task(name="portal.report_effects")
def report_effects() -> int:
    """Says two and six weeks after a publication what it changed, and reminds of a review that is overdue."""
    now = timezone.now()
    return going_live.report_effects(now) + going_live.remind_of_review(now)


@shared_task(name="portal.renew_calendars")
def renew_calendars() -> int:
    """New versions of calendars whose public holidays soon run out."""
    return len(calendar_changes.renew_calendars(now=timezone.now()))


@shared_task(name="portal.propose_matches")
def propose_matches() -> int:
    """Compares people and accounts that changed, and asks about those who may be the same."""
    return sweep_all(now=timezone.now())


@shared_task(name="portal.raise_surges")
def raise_surges() -> int:
    """Makes a task of every account where several people became active at once, and tells its owner."""
    return surging.raise_surges(now=timezone.now())
