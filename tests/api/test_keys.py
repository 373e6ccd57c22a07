"""API keys over the API: the secret is shown once; operations are for who asked for them."""

import pytest
from django.utils import timezone

from revops.foundation.ids import encode
from revops.foundation.models import ApiKey, IdempotencyKey, Job, LedgerEntry
from tests.api.conftest import Client

pytestmark = pytest.mark.django_db


def new_key(house, **more):
    return {"name": "CRM", "owner_id": encode("user", house.people["integration"].pk), "scopes": ["leads:read"], **more}


def test_a_key_is_made_used_rotated_and_revoked(as_, house):
    admin = as_("admin")
    body = admin.send("api_keys/", new_key(house), 201).json()
    client = Client(HTTP_AUTHORIZATION=f"Bearer {body['secret']}")
    client.get_json("leads/")
    rotated = admin.send(f"api_keys/{body['id']}/rotate/", {"overlap": "PT0S"}, 200).json()
    client.get_json("leads/", 401)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {rotated['secret']}")
    client.get_json("leads/")
    assert admin.send(f"api_keys/{body['id']}/revoke/", {}, 200).json()["revoked_at"]
    client.get_json("leads/", 401)
    admin.send(f"api_keys/{body['id']}/rotate/", {}, 422)
    assert "secret" not in admin.get_json(f"api_keys/{body['id']}/")
    assert list(LedgerEntry.objects.filter(subject_kind="api_key").order_by("pk").values_list("action", flat=True)) == [
        "api_key.created", "api_key.rotated", "api_key.revoked",
    ]  # fmt: skip


def test_a_replayed_answer_does_not_hold_the_secret(as_, house):
    admin = as_("admin")
    first = admin.send("api_keys/", new_key(house), 201, **{"Idempotency-Key": "k"}).json()
    again = admin.send("api_keys/", new_key(house), 201, **{"Idempotency-Key": "k"}).json()
    assert again == first | {"secret": None}
    assert ApiKey.objects.count() == 1
    assert first["secret"].encode() not in bytes(IdempotencyKey.objects.get().body)


def test_what_is_wrong_with_a_key_is_said(as_, house):
    admin = as_("admin")
    for wrong in (
        {"scopes": ["everything"]}, {"scopes": []}, {"owner_id": "user_00000000000000000000000000"}, {"name": ""},
        {"expires_at": "2000-01-01T00:00:00Z"}, {"expires_at": "9999-12-31T23:59:59Z"}, {"requests_per_minute": 2**40},
    ):  # fmt: skip
        problem = admin.send("api_keys/", new_key(house, **wrong), 422).json()
        assert problem["errors"][0]["pointer"].startswith(f"#/{next(iter(wrong))}")


def test_no_key_can_make_keys(machine, house):
    assert machine.send("api_keys/", new_key(house), 403).json()["code"] == "forbidden"


def test_operations_are_for_who_asked_for_them(machine, as_, house):
    now = timezone.now()
    mine = Job.objects.create(kind="import", created_by=house.people["integration"], created_at=now, total=10)
    other = Job.objects.create(kind="import", created_by=house.people["admin"], created_at=now)
    assert [row["id"] for row in machine.get_json("operations/")["data"]] == [encode("job", mine.pk)]
    machine.get_json(f"operations/{encode('job', other.pk)}/", 404)
    assert len(as_("admin").get_json("operations/")["data"]) == 2
    body = machine.send(f"operations/{encode('job', mine.pk)}/cancel/", {}, 200).json()
    assert body["progress"]["state"] == "cancelled"
    machine.send(f"operations/{encode('job', mine.pk)}/cancel/", {}, 409)
