"""The ledger and one's own notices on their pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from revops.foundation import ledger
from revops.foundation.ids import encode, new_id
from revops.foundation.models import LedgerEntry, Notice
from tests.conftest import NOW
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

SUBJECT = new_id()


def written(action: str = "source.changed", subject_id: UUID | None = SUBJECT, days: int = 0, **more: Any) -> None:
    ledger.record(
        [
            LedgerEntry(
                occurred_at=NOW + timedelta(days=days), actor_label=more.pop("who", "system: routing"), action=action,
                subject_kind="source", subject_id=subject_id, **more,
            )
        ]
    )  # fmt: skip


def test_an_entry_is_told_field_by_field(sign_in: Any) -> None:
    written(before={"state": "pilot"}, after={"state": "active"}, cause="the pilot went well")
    page = sign_in().get("/audit/").content.decode()
    for words in ("system: routing", "Source changed", "<del>pilot</del>", "active", "the pilot went well"):
        assert words in page


def test_acts_and_instants_are_told_as_people_say_them(sign_in: Any) -> None:
    written("rulebook.signed_by_sales", after={"goes_live_at": "2026-03-04T09:30:00+00:00", "is_urgent": True})
    page = sign_in(timezone="Europe/Berlin").get("/audit/").content.decode()
    assert 'title="rulebook.signed_by_sales">Rulebook signed by sales' in page
    for words in ("goes live at", "4 Mar 2026 10:30", "yes"):
        assert words in page


def test_codes_people_days_and_kinds_are_told_in_words(sign_in: Any) -> None:
    judge, lead = UserFactory.create(name="Ines Duarte"), new_id()
    ledger.record(
        [
            LedgerEntry(
                occurred_at=NOW, actor_label="Paul Kaminski", action="contest.opened", subject_kind="spendfile",
                subject_id=SUBJECT,
                after={
                    "judge": str(judge.pk), "lead": str(lead), "wrong": "met_criteria", "due_on": "2026-11-26",
                    "month": "2026-10", "rules": {"test_data": 12, "disposable": 7}, "hash": "0123456789abcdef" * 4,
                },
            )
        ]
    )  # fmt: skip
    page = sign_in().get("/audit/").content.decode()
    for words in (
        ">Spend file</a>", "Ines Duarte", encode("lead", lead), "met criteria", "26 Nov 2026", "Oct 2026",
        "test data 12, disposable 7", ">0123456789ab…</code>",
    ):  # fmt: skip
        assert words in page
    assert str(judge.pk) not in page


def test_fields_that_were_and_are_empty_are_left_out(sign_in: Any) -> None:
    written(after={"filters": {}, "effects": [], "id_header": "", "unpacks": False})
    page = sign_in().get("/audit/").content.decode()
    assert ">unpacks</span> no" in page
    for name in ("filters", "effects", "id header"):
        assert f">{name}</span>" not in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"who": "rout"}, 2), ({"who": "nobody"}, 0), ({"action": "source"}, 2), ({"action": "form"}, 0),
        ({"kind": "source"}, 2), ({"subject": str(SUBJECT)}, 1), ({"subject": "req_nothing"}, 0),
        ({"from": "2026-03-05"}, 1), ({"to": "2026-03-04"}, 1), ({"from": "soon"}, 2), ({"after": "rubbish"}, 2),
    ],
)  # fmt: skip
def test_each_filter_finds_what_it_says(sign_in: Any, asked: dict[str, str], found: int) -> None:
    written()
    written(subject_id=None, days=1)
    assert sign_in().get("/audit/", asked).content.decode().count('<th scope="row"') == found


def test_a_download_is_the_filtered_list_and_is_itself_written_down(sign_in: Any) -> None:
    written()
    written("form.created")
    client = sign_in()
    answer = client.get("/audit/", {"action": "form", "format": "csv"})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "form.created" in lines[1]
    assert LedgerEntry.objects.get(action="ledger.exported").actor == client.person


@pytest.mark.parametrize("count", [1, 3])
def test_the_ledger_costs_the_same_for_one_entry_and_for_three(
    sign_in: Any, count: int, django_assert_num_queries: Any
) -> None:
    for _ in range(count):
        written()
    client = sign_in()
    with django_assert_num_queries(5):  # session, person, rows, count, kinds
        assert client.get("/audit/").content.decode().count('<th scope="row"') == count


def test_long_ledgers_have_pages_that_do_not_repeat_a_line(sign_in: Any) -> None:
    for number in range(53):
        written(f"source.changed{number:02}")
    client = sign_in()
    first = client.get("/audit/")
    rest = client.get(f"/audit/{first.context['page'].next_url}")
    seen = [entry.action for entry, _ in [*first.context["rows"], *rest.context["rows"]]]
    assert len(seen) == len(set(seen)) == 53


@pytest.mark.parametrize("role", ["rep", "marketer"])
def test_who_may_not_read_the_ledger_is_told_who_may(sign_in: Any, role: str) -> None:
    answer = sign_in(role).get("/audit/")
    assert answer.status_code == 403
    assert "RevOps admin" in answer.content.decode()


def noticed(user: Any, text: str = "A new lead waits for you.", **more: Any) -> Notice:
    return Notice.objects.create(
        user=user, kind="lead.assigned", subject_kind="lead", text=text, url="/sources/", created_at=NOW, **more
    )


def test_a_notice_is_read_when_opened_and_leads_where_it_points(sign_in: Any) -> None:
    client = sign_in("rep")
    notice = noticed(client.person)
    assert client.post(f"/notices/{notice.pk}/open/").url == "/sources/"
    notice.refresh_from_db()
    assert notice.read_at is not None
    assert "Nothing unread" in client.get("/notices/", {"show": "unread"}).content.decode()


def test_nobody_sees_or_reads_the_notices_of_others(sign_in: Any) -> None:
    notice = noticed(UserFactory.create(), "For your eyes only")
    client = sign_in()
    assert "For your eyes only" not in client.get("/notices/").content.decode()
    assert client.post(f"/notices/{notice.pk}/open/").status_code == 404
    client.post("/notices/read/")
    notice.refresh_from_db()
    assert notice.read_at is None


def test_all_own_notices_are_marked_as_read_at_once(sign_in: Any) -> None:
    client = sign_in("rep")
    noticed(client.person), noticed(client.person), noticed(client.person, read_at=timezone.now())
    assert "(2)" in client.get("/notices/").content.decode()
    client.post("/notices/read/")
    assert not Notice.objects.filter(read_at__isnull=True).exists()


@pytest.mark.parametrize("count", [1, 3])
def test_notices_cost_the_same_for_one_and_for_three(sign_in: Any, count: int, django_assert_num_queries: Any) -> None:
    client = sign_in("rep")
    for _ in range(count):
        noticed(client.person)
    with django_assert_num_queries(5):  # session, person, rows, count, unread
        client.get("/notices/")
