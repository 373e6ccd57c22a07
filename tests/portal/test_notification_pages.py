"""How I am told: the matrix, the chat, the bell, one-click unsubscribe; the outbox and the ladder of the admins."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from revops.foundation import outbox, telling
from revops.foundation.delivery import chat
from revops.foundation.ids import new_id
from revops.foundation.models import (
    ChatEndpoint,
    LedgerEntry,
    Notice,
    NoticePreference,
    NoticeSetting,
    OutboxMessage,
    Team,
)
from revops.foundation.notice_kinds import BY_CODE
from revops.portal.agreement.notices import tell_heads
from scoring.explanation import explain_many
from sla.escalation import escalate_due, ladders_of
from sla.models import Agreement, Escalation, EscalationLadder, HandOff, RepBackup
from sla.pool import offer_handoffs
from tests.backtest.company import admit, sent
from tests.portal.desk import signed_in

pytestmark = pytest.mark.django_db
URL = "/me/notifications/"
BASE = {"keeps_quiet": "on", "most_an_hour": "10", "digest_hour": "8", "wants_digest_mail": "on"}


def notice(user, text="Acme waits.", **fields):
    return Notice.objects.create(
        user=user,
        kind="sla.reminder",
        subject_kind="lead",
        text=text,
        url="/queue/",
        created_at=timezone.now(),
        **fields,
    )


# --- settings --------------------------------------------------------------------------------------------------------
def test_the_matrix_keeps_what_differs_from_the_defaults(office):
    client = signed_in(office.rep)
    page = client.get(URL).content.decode()
    assert "A new lead is yours" in page
    assert "told to your manager" in page
    assert "A broken promise needs you" not in page  # nothing a rep is told of
    sent = {
        **BASE,
        "most_an_hour": "3",
        "lead.assigned|email": "hourly",
        "lead.assigned|in_app": "instant",
        "x|email": "daily",
    }
    assert client.post(URL, sent).status_code == 302
    assert [(row.kind, row.channel, row.cadence) for row in NoticeSetting.objects.all()] == [
        ("lead.assigned", "email", "hourly")
    ]
    assert NoticePreference.objects.get(user=office.rep).most_an_hour == 3
    assert client.post(URL, BASE).status_code == 302
    assert not NoticeSetting.objects.exists()


def test_a_manager_cannot_turn_off_what_is_locked(office):
    client = signed_in(office.sales_head)
    assert "At once, always" in client.get(URL).content.decode()
    client.post(URL, {**BASE, "sla.escalated|in_app": "off", "sla.escalated|email": "off"})
    assert [(row.channel, row.cadence) for row in NoticeSetting.objects.all()] == [("email", "off")]


def test_a_number_out_of_bounds_is_refused_and_what_was_chosen_is_kept(office):
    answer = signed_in(office.rep).post(URL, {**BASE, "most_an_hour": "0", "lead.assigned|email": "daily"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<title>Error:" in page
    assert page.count('<option value="daily" selected>') == 5  # lead.assigned by e-mail, and four defaults


def test_my_chat_is_saved_sealed_tested_and_removed(office):
    client = signed_in(office.rep)
    answer = client.post(f"{URL}chat/mine/", {"url": "http://hooks.example.com/x"})
    assert (answer.status_code, b"Only https addresses" in answer.content) == (422, True)
    assert client.post(f"{URL}chat/mine/", {"url": "https://hooks.example.com/secret"}).status_code == 302
    page = client.get(URL).content.decode()
    assert "hooks.example.com" in page
    assert "secret" not in page
    assert client.post(f"{URL}chat/mine/test/").status_code == 302
    message = OutboxMessage.objects.get()
    assert (message.channel, message.recipient) == ("chat", str(ChatEndpoint.objects.get().pk))
    assert client.post(f"{URL}chat/mine/remove/").status_code == 302
    assert not ChatEndpoint.objects.exists()
    assert {entry.action for entry in LedgerEntry.objects.filter(subject_kind="chat")} == {"chat.saved", "chat.removed"}
    assert client.post(f"{URL}chat/mine/test/").status_code == 404


def test_only_whoever_manages_a_team_sets_its_chat(office):
    Team.objects.filter(pk=office.sales_head.team_id).update(manager=office.sales_head)
    sent = {"url": "https://hooks.example.com/team"}
    assert signed_in(office.rep).post(f"{URL}chat/team/", sent).status_code == 404
    assert signed_in(office.sales_head).post(f"{URL}chat/team/", sent).status_code == 302
    assert ChatEndpoint.objects.get().team == office.sales_head.team
    assert signed_in(office.rep).post(f"{URL}chat/nonsense/", sent).status_code == 404


def test_the_link_of_a_digest_asks_and_one_click_ends_it(office, client):
    url = telling.unsubscribe_url(office.rep).partition("/unsubscribe/")[2]
    assert b"Stop digests" in client.get(f"/unsubscribe/{url}").content
    assert not NoticePreference.objects.exists()
    answer = client.post(f"/unsubscribe/{url}", {"List-Unsubscribe": "One-Click"})
    assert b"No more digests by e-mail" in answer.content
    assert NoticePreference.objects.get(user=office.rep).wants_digest_mail is False
    assert client.post("/unsubscribe/nonsense/").status_code == 404


def test_strangers_are_sent_to_sign_in(client, db):
    for url in (URL, "/notices/", "/health/outbox/", "/sla/ladder/", "/contests/"):
        assert client.get(url).status_code == 302


# --- the table of kinds ----------------------------------------------------------------------------------------------
TELLERS = {"tell", "tell_heads", "_to_person", "_notices"}
"""Functions that write messages to persons; the kind is among their first three arguments."""


def kinds_told() -> set[str]:
    """Every kind that some module of the product writes a message to a person with."""
    found = set()
    for app in ("revops", "leads", "scoring", "sla", "feedback"):
        for path in Path(app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                found |= kinds_in(node)
    return {kind for kind in found if re.fullmatch(r"[a-z_]+\.[a-z_]+", kind)}


def kinds_in(node: ast.AST) -> set[str]:
    """The kinds of one message to a person, written as a call or as a mapping of columns, or handed to a teller."""
    if isinstance(node, ast.Dict):
        named = {key.value: value for key, value in zip(node.keys, node.values, strict=True)
                 if isinstance(key, ast.Constant)}  # fmt: skip
    elif isinstance(node, ast.Call):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) in TELLERS:
            return {kind for part in node.args[:3] for kind in strings_in(part)}
        named = {word.arg: word.value for word in node.keywords}
    else:
        return set()
    is_to_a_person = getattr(named.get("channel"), "value", "") == "in_app"
    return strings_in(named["kind"]) if is_to_a_person and "kind" in named else set()


def strings_in(node: ast.AST) -> set[str]:
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}


def test_everything_that_people_are_told_has_a_row_of_settings():
    told = kinds_told()
    assert {"lead.assigned", "agreement.to_sign", "batch.held", "criteria_gap.answered", "talk_track.expired"} <= told
    assert told - set(BY_CODE) == set(), "add these kinds to revops/foundation/notice_kinds.py"


def test_the_settings_of_a_head_stand_in_groups_and_those_of_a_rep_leave_out_what_never_comes(office):
    head, rep = (signed_in(one).get(URL).content.decode() for one in (office.sales_head, office.rep))
    assert head.count('scope="rowgroup"') == 5
    assert "An agreement waits for your signature" in head
    assert "A batch of a source of yours is held" not in head
    assert "The agreement</th>" not in rep
    assert "A gap you found is answered" in rep


def test_a_kind_of_the_agreement_is_told_as_its_reader_chose(office, now):
    head = office.sales_head
    chosen = {"agreement.to_sign|in_app": "off", "agreement.to_sign|email": "instant"}
    assert signed_in(head).post(URL, BASE | chosen).status_code == 302
    agreement = Agreement.objects.get()
    tell_heads(agreement, "agreement.to_sign", "Agreement v2 waits for your signature.", now)
    outbox.deliver_due(now)
    assert not Notice.objects.filter(user=head, kind="agreement.to_sign").exists()
    assert OutboxMessage.objects.filter(channel="email", kind="agreement.to_sign", recipient=head.email).exists()
    assert Notice.objects.filter(user__role="marketing_manager", kind="agreement.to_sign").exists()


def test_a_new_lead_is_told_with_the_sentence_that_stands_everywhere(office):
    NoticePreference.objects.create(user=office.rep, keeps_quiet=False, updated_at=timezone.now())
    NoticeSetting.objects.create(user=office.rep, kind="lead.assigned", channel="email", cadence="instant")
    (lead,) = admit(office, [sent(office, 1)], timezone.now())
    HandOff.objects.filter(lead=lead).update(owner=office.rep)
    OutboxMessage.objects.filter(kind="lead.assigned").update(recipient=str(office.rep.pk))
    outbox.deliver_due(timezone.now())
    why = explain_many([lead.pk])[lead.pk]
    assert why.startswith("Tier 1 (")
    assert Notice.objects.get(kind="lead.assigned").text == f"A new lead waits for you.\n{why}"
    mail = OutboxMessage.objects.get(kind="lead.assigned", channel="email").payload
    assert (mail["subject"], why in mail["text"]) == ("A new lead waits for you.", True)


# --- the bell --------------------------------------------------------------------------------------------------------
def test_the_bell_counts_what_is_unread_and_says_nothing_twice(office, client, django_assert_num_queries):
    assert client.get("/notices/bell/").status_code == 204
    rep = signed_in(office.rep)
    empty = rep.get("/notices/bell/")
    assert empty.content.strip() == b""
    for number in range(3):
        notice(office.rep, f"News {number}")
    notice(office.colleague)
    with django_assert_num_queries(3):
        counted = rep.get("/notices/bell/", headers={"If-None-Match": empty["ETag"]})
    assert b"3 unread" in counted.content
    assert rep.get("/notices/bell/", headers={"If-None-Match": counted["ETag"]}).status_code == 304
    page = rep.get("/notices/").content.decode()
    assert "/notices/bell/" in page
    one = Notice.objects.filter(user=office.rep).first()
    rep.post(f"/notices/{one.pk}/read/")
    assert b"2 unread" in rep.get("/notices/bell/").content
    signed_in(office.colleague).post(
        f"/notices/{Notice.objects.filter(user=office.rep, read_at=None).first().pk}/read/"
    )
    assert b"2 unread" in rep.get("/notices/bell/").content
    rep.post("/notices/read/")
    assert rep.get("/notices/bell/").content.strip() == b""


# --- the outbox ------------------------------------------------------------------------------------------------------
def failed(now, channel="email", recipient="ana@example.com"):
    return OutboxMessage.objects.create(
        id=new_id(now), kind="sla.escalated", subject_kind="lead", channel=channel, recipient=recipient,
        created_at=now, available_at=now, state="failed", attempts=10, finished_at=now,
        last_error="550 No such mailbox",
    )  # fmt: skip


def test_what_was_given_up_is_seen_with_its_reason_and_sent_again(office, mailoutbox):
    now = timezone.now() - timedelta(hours=1)
    first, second = failed(now), failed(now)
    admin = signed_in(office.admin)
    page = admin.get("/health/outbox/").content.decode()
    assert "550 No such mailbox" in page
    assert "…@example.com" in page
    assert "ana@example.com" not in page
    assert admin.post(f"/health/outbox/{first.pk}/replay/").status_code == 302
    assert admin.post(f"/health/outbox/{first.pk}/replay/").status_code == 404
    assert admin.post("/health/outbox/replay/").status_code == 302
    assert outbox.deliver_due(timezone.now()).delivered == 2
    ids = {mail.extra_headers["Message-ID"].strip("<>").split("@")[0] for mail in mailoutbox}
    assert ids == {str(first.pk), str(second.pk)}
    assert LedgerEntry.objects.filter(action="outbox.replayed").count() == 2
    assert "Nothing was given up" in admin.get("/health/outbox/").content.decode()
    assert "sla.escalated" in admin.get("/health/outbox/?state=delivered&channel=email").content.decode()


def test_who_may_see_the_outbox_and_who_may_send_again(office):
    row = failed(timezone.now())
    head = signed_in(office.sales_head)
    assert "Send again" not in head.get("/health/outbox/").content.decode()
    assert head.post(f"/health/outbox/{row.pk}/replay/").status_code == 403
    assert signed_in(office.rep).get("/health/outbox/").status_code == 403


def test_the_outbox_takes_the_same_queries_for_one_row_and_for_three(office, django_assert_num_queries):
    admin = signed_in(office.admin)
    for number in (1, 2):
        for _ in range(number):
            failed(timezone.now())
        with django_assert_num_queries(5):
            admin.get("/health/outbox/")


# --- the ladder and the pool -----------------------------------------------------------------------------------------
def test_the_ladder_is_read_by_all_and_changed_by_managers(office):
    rep = signed_in(office.rep)
    page = rep.get("/sla/ladder/").content.decode()
    assert "50 %" in page
    assert "Save the ladder" not in page
    sent = {"remind": "60", "backup": "", "manager": "120", "pool": "", "most_moves": "1"}
    assert rep.post("/sla/ladder/", sent).status_code == 403
    head = signed_in(office.sales_head)
    assert head.post("/sla/ladder/", sent).status_code == 302
    row = EscalationLadder.objects.get()
    found = ladders_of([row.agreement_id])[row.agreement_id]
    assert [(step.action.value, step.after) for step in found.steps] == [("remind", 60), ("manager", 120)]
    assert LedgerEntry.objects.get(action="ladder.saved").after["most_moves"] == 1
    answer = head.post("/sla/ladder/", {**sent, "manager": "50"})
    assert (answer.status_code, b"Give it a higher percentage" in answer.content) == (422, True)
    assert EscalationLadder.objects.count() == 1


def test_a_stand_in_is_named_and_taken_back(office):
    head = signed_in(office.sales_head)
    sent = {"user": office.rep.pk, "backup": office.colleague.pk}
    assert head.post("/sla/ladder/backups/", sent).status_code == 302
    assert RepBackup.objects.get(user=office.rep).backup == office.colleague
    assert "Carl Colleague" in head.get("/sla/ladder/").content.decode()
    answer = head.post("/sla/ladder/backups/", {"user": office.rep.pk, "backup": office.rep.pk})
    assert (answer.status_code, b"Nobody stands in for themselves" in answer.content) == (422, True)
    assert head.post("/sla/ladder/backups/", {"user": office.rep.pk, "backup": ""}).status_code == 302
    assert not RepBackup.objects.exists()
    assert signed_in(office.rep).post("/sla/ladder/backups/", sent).status_code == 403


def test_without_an_agreement_the_ladder_says_so(sign_in):
    assert b"No agreement is in effect" in sign_in("admin").get("/sla/ladder/").content


def test_get_next_opens_the_lead_that_others_left(office):
    colleague = signed_in(office.colleague)
    assert "Get next" in colleague.get("/queue/").content.decode()
    answer = colleague.post("/queue/next/", follow=True)
    assert b"The pool is empty" in answer.content
    lead = office.lead(1, at=timezone.now() - timedelta(days=10))
    with transaction.atomic():
        assert {one.row.action for one in escalate_due(now=timezone.now())} >= {"remind", "backup", "manager", "pool"}
    answer = colleague.post("/queue/next/", follow=True)
    assert b"Company 1 is yours now." in answer.content
    assert HandOff.objects.get(lead=lead).owner == office.colleague
    assert Escalation.objects.count() == 4
    answer = signed_in(office.sales_head).post("/queue/next/", follow=True)
    assert b"working hours" in answer.content
    assert signed_in(office.marketer).post("/queue/next/").status_code == 403


def test_a_chat_that_is_gone_is_shown_as_stopped(office):
    now = timezone.now()
    endpoint = chat.save_endpoint("https://hooks.example.com/x", now=now, user=office.rep)
    ChatEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=now, disabled_because="It answered 410: gone")
    assert "It answered 410: gone" in signed_in(office.rep).get(URL).content.decode()


def test_an_offer_stays_with_its_owner_until_it_is_taken(office):
    lead = office.lead(1)
    with transaction.atomic():
        offer_handoffs([HandOff.objects.get().pk], reason="late", now=timezone.now())
    page = signed_in(office.rep).get("/queue/").content.decode()
    assert lead.account.name in page
