"""What the ground does later, and what every page request gets."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from revops.foundation import doorbell, jobs, outbox, tasks
from revops.foundation.middleware import TimezoneMiddleware
from revops.foundation.models import IdempotencyKey, Job, JobState

pytestmark = pytest.mark.django_db


def test_the_sweep_rings_for_jobs_that_nobody_heard(monkeypatch):
    rung = []
    monkeypatch.setattr(jobs, "_runners", {"count": lambda _job: {}})
    monkeypatch.setattr(doorbell, "send", lambda _name, arguments: rung.append(arguments[0]))
    job = jobs.start_job("count", {}, None, timezone.now() - timedelta(minutes=1))
    assert tasks.sweep_jobs() == 1
    assert rung == [str(job.pk)]
    assert tasks.run_job(rung[0]) == JobState.DONE
    assert tasks.sweep_jobs() == 0
    assert Job.objects.get().state == JobState.DONE


def test_every_bell_that_is_rung_by_name_wakes_a_task_of_that_name():
    assert {tasks.run_job.name, tasks.deliver_outbox.name} == {"foundation.run_job", outbox.DELIVER}


def test_idempotency_keys_are_forgotten_after_seven_days(make_user):
    principal = make_user().pk
    for days in (6, 8):
        IdempotencyKey.objects.create(
            principal_id=principal,
            method="POST",
            route="/x/",
            key=f"k{days}",
            fingerprint=b"f" * 32,
            created_at=timezone.now() - timedelta(days=days),
        )
    assert tasks.forget_idempotency_keys() == 1
    assert IdempotencyKey.objects.get().key == "k6"


def test_delivering_an_empty_outbox_is_nothing():
    assert tasks.deliver_outbox() == 0


def test_times_are_shown_in_the_zone_of_whoever_is_signed_in(make_user, settings):
    zones = []

    def view(_request):
        zones.append(timezone.get_current_timezone_name())
        return HttpResponse()

    request = RequestFactory().get("/")
    request.user = make_user(timezone="Asia/Kathmandu")
    TimezoneMiddleware(view)(request)
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "x"
    TimezoneMiddleware(view)(request)
    TimezoneMiddleware(view)(RequestFactory().get("/"))
    assert zones == ["UTC", "Asia/Kathmandu", "UTC"]
