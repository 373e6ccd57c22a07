"""A draft in the shadow: started, read by each rep for themselves, promoted or stopped; by page and API."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from revops.portal import journey
from scoring.models import ShadowRun
from scoring.shadow import catch_up_shadows
from tests.factories import item
from tests.portal.rule_desk import saved, started

pytestmark = pytest.mark.django_db


def test_a_draft_runs_in_the_shadow_and_says_what_would_have_changed(company: Any, sign_in: Any) -> None:
    marketer = sign_in("marketer")
    book = saved(marketer, started(marketer), **{"tier.1.fit": "39"})
    address = f"/rules/versions/{book.version}/shadow/"
    assert "has not run" in marketer.get(address).content.decode()
    marketer.post(f"{address}start/", {"days": "7"})
    run = ShadowRun.objects.get()
    now = timezone.now()
    journey.admit(
        [item(company["source"], f"p{n}@acme-works.com", title="VP Sales", company="Acme", act="demo_request")
         for n in range(3)],
        now=now,
    )  # fmt: skip
    catch_up_shadows(now=now)
    page = marketer.get(address).content.decode()
    assert "Decisions judged" in page
    assert (
        "runs in the shadow already" in marketer.post(f"{address}start/", {"days": "7"}, follow=True).content.decode()
    )
    assert "For you" in sign_in(user=company["reps"][0]).get(address).content.decode()
    saved(marketer, book, webinar__points="2")
    assert "was changed since" in marketer.get(address).content.decode()
    answer = marketer.post(f"/rules/shadows/{run.pk}/end/", {"end": "promoted", "note": "Good"})
    assert answer.url == f"/rules/versions/{book.version}/"
    assert (
        "over already"
        in marketer.post(f"/rules/shadows/{run.pk}/end/", {"end": "dropped"}, follow=True).content.decode()
    )
    run.refresh_from_db()
    assert (run.end, run.note) == ("promoted", "Good")


def test_who_may_start_a_run_and_of_what(company: Any, sign_in: Any) -> None:
    marketer = sign_in("marketer")
    book = started(marketer)
    for days in ("0", "999"):
        page = marketer.post(f"/rules/versions/{book.version}/shadow/start/", {"days": days}, follow=True)
        assert "lasts 1 to 60 days" in page.content.decode()
    assert (
        "Only a draft" in marketer.post("/rules/versions/1/shadow/start/", {"days": "7"}, follow=True).content.decode()
    )
    rep = sign_in("rep")
    assert rep.post(f"/rules/versions/{book.version}/shadow/start/").status_code == 403
    assert rep.get(f"/rules/versions/{book.version}/shadow/").status_code == 200
    assert not ShadowRun.objects.exists()
