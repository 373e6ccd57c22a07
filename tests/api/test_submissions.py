"""Submissions over the API: each gets a receipt and one outcome, also what cannot be read."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import Lead, PendingSubmission, Submission
from leads.queries import conservation
from revops.portal import journey
from tests.api.conftest import READY

pytestmark = pytest.mark.django_db


def balance_of_today() -> tuple[int, int]:
    rows = conservation(
        Submission.objects.earliest("received_at").received_at.date(),
        Submission.objects.latest("received_at").received_at.date(),
    )
    return sum(row.received for row in rows), sum(row.missing for row in rows)


def test_a_submission_becomes_a_lead_with_a_receipt(machine):
    response = machine.send("submissions/", READY, 201)
    body = response.json()
    assert body["outcome"] == "new"
    assert body["lead_id"].startswith("lead_")
    assert response["Location"] == f"/api/v1/submissions/{body['receipt']}/"
    found = machine.get_json(f"submissions/{body['receipt']}/")
    assert (found["outcome"], found["lead_id"], found["source"]) == ("new", body["lead_id"], "website")
    assert Lead.objects.get().stage == "handed_off"


def test_a_second_submission_of_the_person_is_attached(machine):
    first = machine.send("submissions/", READY, 201).json()
    second = machine.send("submissions/", {**READY, "need": "Still"}, 201).json()
    assert (second["outcome"], second["lead_id"]) == ("attached", first["lead_id"])


def test_the_same_key_has_one_effect_and_one_answer(machine):
    first = machine.send("submissions/", READY, 201, **{"Idempotency-Key": "k-1"})
    again = machine.send("submissions/", READY, 201, **{"Idempotency-Key": "k-1"})
    assert again.content == first.content
    assert again["Idempotency-Replayed"] == "true"
    assert Submission.objects.count() == 1
    other = machine.send("submissions/", {**READY, "need": "Else"}, 422, **{"Idempotency-Key": "k-1"})
    assert other.json()["code"] == "idempotency_key_reused"


def test_what_the_gate_stops_is_received_all_the_same(machine):
    body = machine.send("submissions/", {"source": "website", "email": "x@mailinator.com"}, 201).json()
    assert body["outcome"] == "quarantined"
    assert body["detail"]
    assert body["lead_id"] is None


def test_a_refused_submission_has_a_receipt_too(machine):
    problem = machine.send("submissions/", {**READY, "emial": "x", "employees": -1}, 422).json()
    assert {error["pointer"] for error in problem["errors"]} == {"#/emial", "#/employees"}
    found = machine.get_json(f"submissions/{problem['receipt']}/")
    assert found["outcome"] == "refused"
    assert "emial" in found["detail"]
    assert balance_of_today() == (1, 0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"source": "website", ', 400),
        (b'{"a": 1, "a": 2}', 400),
        (b'{"email": "\\u0000"}', 422),
        (b"[" * 40, 422),
        (b"", 422),
        (b"\xff\xfe", 400),
    ],
)  # fmt: skip
def test_a_body_that_does_not_parse_is_journalled(machine, body, status):
    response = machine.generic("POST", "/api/v1/submissions/", body, "application/json")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    receipt = response.json()["receipt"]
    assert machine.get_json(f"submissions/{receipt}/")["outcome"] == "refused"
    assert Submission.objects.get().source.key == "unidentified"


def test_an_unknown_source_is_refused_in_words_and_journalled(machine):
    problem = machine.send("submissions/", {**READY, "source": "nowhere"}, 422).json()
    assert problem["errors"][0]["code"] == "unknown_source"
    assert machine.get_json(f"submissions/{problem['receipt']}/")["outcome"] == "refused"
    assert not Lead.objects.exists()


def test_a_submission_whose_processing_fails_waits_as_pending(machine, monkeypatch):
    def fail(*args: Any, **options: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(journey, "qualify_leads", fail)
    response = machine.send("submissions/", READY, 202)
    assert response.json()["outcome"] == "pending"
    assert response["Retry-After"] == "30"
    assert PendingSubmission.objects.count() == 1
    assert machine.get_json(f"submissions/{response.json()['receipt']}/")["outcome"] == "pending"
    assert balance_of_today() == (1, 0)


def test_a_batch_gives_each_item_its_own_outcome(machine):
    items: list[Any] = [
        {"client_ref": "a", **READY},
        {"client_ref": "b", **READY, "need": "again"},
        {"client_ref": "c", "email": "x@mailinator.com"},
        {"client_ref": "d", "email": 5},
        "nonsense",
        {"client_ref": "f", **READY, "source": "nowhere"},
        {"client_ref": "g"},
    ]
    body = machine.send("submissions/batch/", {"source": "website", "items": items}, 200).json()
    assert [row["outcome"] for row in body["results"]] == [
        "new", "attached", "quarantined", "refused", "refused", "refused", "refused",
    ]  # fmt: skip
    assert [row["client_ref"] for row in body["results"]] == ["a", "b", "c", "d", None, "f", "g"]
    assert body["counts"] == {"new": 1, "attached": 1, "quarantined": 1, "refused": 4, "withdrawn": 0, "pending": 0}
    assert body["results"][3]["errors"][0]["pointer"] == "#/items/3/email"
    assert balance_of_today() == (7, 0)


def test_a_batch_that_is_none_is_journalled_as_a_whole(machine):
    for body in ([], {"items": []}, {"items": [{}] * 1001}, {"items": [{}], "more": 1}, {"items": [{}], "source": 3}):
        problem = machine.send("submissions/batch/", body, 422).json()
        assert machine.get_json(f"submissions/{problem['receipt']}/")["outcome"] == "refused"


def test_a_batch_with_a_key_is_done_once(machine):
    body = {"source": "website", "items": [READY]}
    first = machine.send("submissions/batch/", body, 200, **{"Idempotency-Key": "b"})
    assert machine.send("submissions/batch/", body, 200, **{"Idempotency-Key": "b"}).content == first.content
    assert Submission.objects.count() == 1


def test_queries_do_not_grow_with_the_batch(machine):
    def count(number: int, name: str) -> int:
        items = [{**READY, "email": f"p{n}@{name}{n}.com", "company": f"{name} {n}"} for n in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            machine.send("submissions/batch/", {"items": items}, 200)
        return len(queries)

    count(10, "warm")
    assert abs(count(20, "few") - count(60, "many")) <= 2


def test_who_sent_it_may_ask_what_became_of_it_and_nobody_else(machine, key_with, house, as_):
    receipt = machine.send("submissions/", READY, 201).json()["receipt"]
    assert key_with("leads:write").get_json(f"submissions/{receipt}/")["outcome"] == "new"
    as_("rep").get_json(f"submissions/{receipt}/", 404)
    as_("marketer").get_json(f"submissions/{receipt}/")
    machine.get_json("submissions/sub_00000000000000000000000000/", 404)


def test_the_journal_is_filtered_by_outcome(machine):
    machine.send("submissions/", READY)
    machine.send("submissions/", {"source": "website", "email": "x@mailinator.com"})
    page = machine.get_json("submissions/", outcome="quarantined")
    assert [row["outcome"] for row in page["data"]] == ["quarantined"]
    machine.get_json("submissions/", 422, outcome="lost")
    machine.get_json("submissions/", 422, outcom="new")


def test_what_could_not_be_read_stays_with_the_lead_as_it_was_sent(machine, as_):
    sent = {"source": "website", "email": "lena@kranbau-nord.de", "name": "Lena Kran", "phone": "040 1234567"}
    made = machine.send("submissions/", {**sent, "country": "Atlantis", "act": "demo_request"}, 201).json()
    lead = machine.get_json(f"leads/{made['lead_id']}/")
    assert (lead["person"]["phone"], lead["person"]["country"]) == (None, "")
    assert lead["attributes"] == {"phone_as_sent": "040 1234567", "country_as_sent": "Atlantis"}
    assert "040 1234567" in as_("admin").get(f"/leads/{made['lead_id']}/").content.decode()
    unread = machine.get_json(f"submissions/{made['receipt']}/")["unread"]
    assert set(unread) == {"phone", "country"}
    assert "like +49 30 1234567" in unread["phone"]
    assert unread["phone"] in as_("admin").get(f"/submissions/{made['receipt']}/").content.decode()
    good = machine.send("submissions/", READY, 201).json()
    assert machine.get_json(f"submissions/{good['receipt']}/")["unread"] == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"email": "ada@acme.com"}, "Say which source it comes from"),
        ({"source": "", "email": "ada@acme.com"}, "Say which source it comes from"),
        ({"source": "nope", "email": "ada@acme.com"}, "Look at /api/v1/sources/"),
        ({"source": "website", "emial": "ada@acme.com"}, "Perhaps email was meant"),
        ({"source": "website", "weather": "fine"}, "There is no field of this name. Fields are: act,"),
        ({"source": "website", "email": "ada acme.com"}, "Write one address, like"),
        ({"source": "website", "phone": "040 1"}, "like +49 30 1234567"),
        ({"source": "website"}, "Send an e-mail address, a phone number, or your own id"),
        (7, "Send an object with named fields"),
    ],
)
def test_a_refused_item_says_what_to_do(machine, body, words):
    (result,) = machine.send("submissions/batch/", {"items": [body]}, 200).json()["results"]
    assert result["outcome"] == "refused"
    assert words in result["detail"]
    assert not isinstance(body, int) or len(result["errors"]) == 1
    assert words in machine.get_json(f"submissions/{result['receipt']}/")["detail"]


def test_a_body_that_does_not_parse_says_where_to_mend_it(machine):
    answer = machine.generic("POST", "/api/v1/submissions/", b'{"source": ', "application/json")
    assert answer.json()["detail"] == "Line 1, column 12: Expecting value. Mend the JSON there and send it again."


def test_an_address_that_cannot_exist_waits_with_what_was_perhaps_meant(machine):
    held = machine.send("submissions/", {"source": "website", "email": "ada@gmail.con"}, 201).json()
    assert (held["outcome"], held["lead_id"]) == ("quarantined", None)
    assert "Perhaps gmail.com was meant" in held["detail"]
