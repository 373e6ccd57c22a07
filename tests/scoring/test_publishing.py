"""Who may change the rules, when, and what the database itself refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from leads.models import SignalKind
from revops.foundation.models import Side
from scoring.models import Rulebook, RulebookChange, RulebookSignature
from scoring.publishing import (
    NoLiveRulebook,
    PublishingRefused,
    create_draft,
    edit_draft,
    live_rulebook,
    publish_rulebook,
    revert_rulebook,
    sign_rulebook,
)
from scoring.rules import InvalidRulebook

from .factories import NOW, POINT, make_starter, make_user, small_json

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return make_user(Side.REVOPS)


@pytest.fixture
def marketer():
    return make_user(Side.MARKETING)


@pytest.fixture
def seller():
    return make_user(Side.SALES)


def draft_of(author, now=NOW, **parts):
    return create_draft(small_json(**parts), author, name="Rules", summary="A small change.", now=now)


def test_a_draft_gets_the_next_version_and_the_kinds_of_today(author):
    first, second = draft_of(author, kinds={}), draft_of(author)
    assert (first.version, second.version, first.state) == (1, 2, "draft")
    assert set(first.definition["kinds"]) == set(SignalKind.objects.values_list("code", flat=True))
    assert first.content_hash == second.content_hash
    assert first.review_by_on == (NOW + timedelta(days=90)).date()


def test_a_draft_that_breaks_a_principle_is_refused(author):
    with pytest.raises(InvalidRulebook, match="hand-raise"):
        draft_of(author, tiers={"1": {"minimum": {}}, "2": {"minimum": {"intent": 1}}})
    assert not Rulebook.objects.exists()


def test_a_rulebook_is_published_with_two_signatures_of_two_sides(author, marketer, seller):
    draft = draft_of(author)
    with pytest.raises(PublishingRefused, match="Marketing, Sales"):
        publish_rulebook(draft, NOW)
    sign_rulebook(draft, seller, "sales", NOW)
    with pytest.raises(PublishingRefused, match="signature is missing: Marketing"):
        publish_rulebook(draft, NOW)
    sign_rulebook(draft, marketer, "marketing", NOW)
    published = publish_rulebook(draft, NOW)
    assert (published.state, published.published_at) == ("live", NOW)
    assert live_rulebook().version == published.version
    assert [change.action for change in RulebookChange.objects.order_by("id")] == [
        "drafted",
        "signed",
        "signed",
        "published",
    ]
    with pytest.raises(PublishingRefused, match="already published"):
        publish_rulebook(draft, NOW)
    with pytest.raises(PublishingRefused, match="no longer open"):
        sign_rulebook(draft, seller, "sales", NOW)


def test_signatures_of_the_author_the_other_side_or_twice_are_refused(author, marketer, seller):
    draft = draft_of(author)
    with pytest.raises(PublishingRefused, match="author cannot sign"):
        sign_rulebook(draft, author, "sales", NOW)
    with pytest.raises(PublishingRefused, match="belongs to Marketing"):
        sign_rulebook(draft, marketer, "sales", NOW)
    with pytest.raises(PublishingRefused, match="belongs to RevOps"):
        sign_rulebook(draft, make_user(Side.REVOPS), "sales", NOW)
    sign_rulebook(draft, seller, "sales", NOW)
    with pytest.raises(PublishingRefused, match="already signed"):
        sign_rulebook(draft, make_user(Side.SALES), "sales", NOW)
    nobody = make_user()
    with pytest.raises(PublishingRefused, match="belongs to RevOps"):
        sign_rulebook(draft_of(author), nobody, "sales", NOW)


def test_an_edited_draft_needs_new_signatures(author, marketer, seller):
    draft = draft_of(author)
    sign_rulebook(draft, seller, "sales", NOW)
    sign_rulebook(draft, marketer, "marketing", NOW)
    caps = {"fit": POINT, "intent": POINT, "timing": POINT}
    edit_draft(draft, small_json(caps=caps), author, NOW, expected_revision=1)
    with pytest.raises(PublishingRefused, match="signature is missing"):
        publish_rulebook(draft, NOW)
    with pytest.raises(PublishingRefused, match="Somebody changed"):
        edit_draft(draft, small_json(), author, NOW, expected_revision=1)


def test_the_change_budget_is_30_days_unless_an_emergency_says_why(author, marketer, seller):
    make_starter()
    draft = draft_of(author, now=NOW + timedelta(days=1))
    sign_rulebook(draft, seller, "sales", NOW)
    sign_rulebook(draft, marketer, "marketing", NOW)
    with pytest.raises(PublishingRefused, match="4 Mar 2026; the next may follow on 3 Apr 2026"):
        publish_rulebook(draft, NOW + timedelta(days=29))
    published = publish_rulebook(draft, NOW + timedelta(days=2), by=seller, emergency_reason="A form sends rubbish")
    change = RulebookChange.objects.first()
    assert (change.is_emergency, change.reason, change.actor) == (True, "A form sends rubbish", seller)
    assert [book.state for book in Rulebook.objects.order_by("version")] == ["superseded", "live"]
    assert live_rulebook().id == published.pk


def test_after_30_days_publishing_is_no_emergency(author, marketer, seller):
    make_starter()
    draft = draft_of(author)
    sign_rulebook(draft, seller, "sales", NOW)
    sign_rulebook(draft, marketer, "marketing", NOW)
    publish_rulebook(draft, NOW + timedelta(days=30))
    assert RulebookChange.objects.first().is_emergency is False


def test_reverting_brings_the_content_before_back_as_a_new_version(author, marketer, seller):
    first = make_starter()
    with pytest.raises(PublishingRefused, match="no earlier version"):
        revert_rulebook(seller, "Too many leads", NOW)
    draft = draft_of(author)
    sign_rulebook(draft, seller, "sales", NOW)
    sign_rulebook(draft, marketer, "marketing", NOW)
    publish_rulebook(draft, NOW + timedelta(days=31))
    with pytest.raises(PublishingRefused, match="Say why"):
        revert_rulebook(seller, " ", NOW)
    again = revert_rulebook(seller, "Too many leads", NOW + timedelta(days=32))
    assert (again.version, again.restores, again.definition) == (3, first, first.definition)
    assert live_rulebook().id == again.pk
    assert [book.state for book in Rulebook.objects.order_by("version")] == ["superseded", "reverted", "live"]
    change = RulebookChange.objects.get(action="reverted")
    assert (change.is_emergency, change.reason) == (True, "Too many leads")


def test_the_live_rulebook_is_checked_with_one_small_query():
    with pytest.raises(NoLiveRulebook):
        live_rulebook()
    make_starter()
    compiled = live_rulebook().compiled
    with CaptureQueriesContext(connection) as queries:
        assert live_rulebook().compiled is compiled
    assert len(queries) == 1
    assert '"definition"' not in queries[0]["sql"]


def refused_by_the_database(match):
    return pytest.raises(IntegrityError, match=match)


def test_the_database_refuses_what_the_services_would_never_do(author, marketer, seller):
    live = make_starter()
    draft = draft_of(author)

    def sign(user, side, digest=None):
        return RulebookSignature.objects.create(
            rulebook=draft, user=user, side=side, signed_at=NOW, content_hash=digest or draft.content_hash
        )

    with refused_by_the_database("is published"), transaction.atomic():
        Rulebook.objects.filter(pk=live.pk).update(summary="Better words")
    with refused_by_the_database("cannot be deleted"), transaction.atomic():
        Rulebook.objects.filter(pk=live.pk)._raw_delete(using="default")
    with refused_by_the_database("not signed by sales"), transaction.atomic():
        Rulebook.objects.filter(pk=draft.pk).update(published_at=NOW, state="superseded")
    with refused_by_the_database("author"), transaction.atomic():
        sign(author, "sales")
    with refused_by_the_database("changed since"), transaction.atomic():
        sign(seller, "sales", "0" * 64)
    sign(seller, "sales")
    with refused_by_the_database("other side cannot sign"), transaction.atomic():
        sign(seller, "marketing")
    with refused_by_the_database("other side cannot sign"), transaction.atomic():
        sign(make_user(), "marketing")
    with refused_by_the_database("stays its author"), transaction.atomic():
        Rulebook.objects.filter(pk=draft.pk).update(author=marketer)
    with refused_by_the_database("each_side_signs_once"), transaction.atomic():
        sign(make_user(Side.SALES), "sales")
    sign(marketer, "marketing")
    with refused_by_the_database("one_rulebook_is_live"), transaction.atomic():
        Rulebook.objects.filter(pk=draft.pk).update(published_at=NOW, state="live")
    with refused_by_the_database("only ever added"), transaction.atomic():
        RulebookSignature.objects.update(side="sales")
    with refused_by_the_database("only ever added"), transaction.atomic():
        RulebookChange.objects.update(reason="")


def test_an_unsigned_draft_can_be_thrown_away(author):
    draft = draft_of(author)
    unlogged = Rulebook.objects.create(
        version=99, name="x", definition={}, content_hash="x", summary="", author=author, created_at=NOW
    )
    unlogged.delete()
    assert list(Rulebook.objects.all()) == [draft]
