"""API keys: found by their secret alone, rotated with overlap, dead at once when revoked."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from revops.foundation import api_keys
from revops.foundation.models import ApiKey, Role

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def owner(make_user):
    return make_user(Role.INTEGRATION)


def test_a_key_is_found_by_its_text_in_one_query_and_its_use_noted_once_a_minute(owner, now, django_assert_num_queries):
    key, text = api_keys.create_api_key("CRM", owner, ["leads:read"], now)
    assert re.fullmatch(api_keys.PATTERN, text)
    assert api_keys.find_api_key(text, now) == key
    with django_assert_num_queries(1):
        found = api_keys.find_api_key(text, now + 59 * timedelta(seconds=1))
        assert found.owner.role == Role.INTEGRATION
    api_keys.find_api_key(text, now + MINUTE)
    key.refresh_from_db()
    assert key.last_used_at == now + MINUTE


def test_the_secret_is_not_stored(owner, now):
    _key, text = api_keys.create_api_key("CRM", owner, ["leads:read"], now)
    secret = text.rpartition("_")[2]
    assert secret not in str(ApiKey.objects.values().get())


def test_a_text_that_cannot_be_a_key_costs_no_query(owner, now, django_assert_num_queries):
    _key, text = api_keys.create_api_key("CRM", owner, ["leads:read"], now)
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    with django_assert_num_queries(0):
        for garbage in ("", "rop_live_", wrong, text + "0", text.upper(), "ключ"):
            assert api_keys.find_api_key(garbage, now) is None


def test_a_well_formed_text_with_another_secret_is_nobody(owner, now):
    key, _text = api_keys.create_api_key("CRM", owner, ["leads:read"], now)
    assert api_keys.find_api_key(api_keys._text(key.public_id, "x" * 32), now) is None


def test_expired_revoked_and_ownerless_keys_are_dead(owner, now):
    key, text = api_keys.create_api_key("CRM", owner, ["leads:read"], now)
    assert api_keys.find_api_key(text, key.expires_at) is None
    owner.is_active = False
    owner.save()
    assert api_keys.find_api_key(text, now) is None
    owner.is_active = True
    owner.save()
    assert api_keys.revoke_api_keys([key], now) == 1
    assert api_keys.revoke_api_keys([key], now) == 0
    assert api_keys.find_api_key(text, now) is None


def test_after_a_rotation_the_old_secret_works_until_the_overlap_ends(owner, now):
    key, old = api_keys.create_api_key("CRM", owner, ["leads:read"], now)
    new = api_keys.rotate_api_key(key, now, overlap=DAY)
    assert api_keys.find_api_key(new, now + DAY) == key
    assert api_keys.find_api_key(old, now + DAY - MINUTE) == key
    assert api_keys.find_api_key(old, now + DAY) is None
    key.refresh_from_db()
    assert key.previous_last_used_at == now + DAY - MINUTE


@pytest.mark.parametrize(("scopes", "days"), [(["leads:everything"], 1), (["leads:read"], 731), (["leads:read"], -1)])
def test_an_unknown_scope_or_an_odd_life_is_refused(owner, now, scopes, days):
    with pytest.raises(ValidationError):
        api_keys.create_api_key("CRM", owner, scopes, now, expires_at=now + days * DAY)
