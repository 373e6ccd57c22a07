"""The gate over the API: rules are read, tried, and changed by people only; machines report bounces."""

from __future__ import annotations

from typing import Any

from leads.models import BouncedAddress, HygieneRule, Submission


def test_the_rules_are_listed_in_the_order_they_are_asked(machine: Any) -> None:
    rows = machine.get_json("hygiene_rules/")["data"]
    assert [row["code"] for row in rows] == list(HygieneRule.objects.values_list("code", flat=True))
    assert rows[0]["code"] == "unidentified"
    assert rows[0]["hits_30_days"] == 0


def test_a_trial_says_what_the_gate_would_do_and_stores_nothing(machine: Any) -> None:
    answer = machine.send("hygiene_rules/test/", {"email": "info@mailinator.com", "phone": "1"}, 200).json()
    assert (answer["outcome"], answer["rule"]) == ("quarantined", "disposable")
    assert [one["rule"] for one in answer["found"]] == ["disposable", "role_account", "free_mail"]
    assert "phone" in answer["problems"]
    assert machine.send("hygiene_rules/test/", {"external_id": "7"}, 200).json()["outcome"] == "let_in"
    assert machine.send("hygiene_rules/test/", {}, 200).json()["outcome"] == "refused"
    assert machine.send("hygiene_rules/test/", {"sauce": 1}, 422).json()["code"] == "unknown_field"
    assert not Submission.objects.exists()


def test_a_person_changes_a_rule_they_have_read(as_: Any) -> None:
    client = as_("marketing_manager")
    read = client.get("/api/v1/hygiene_rules/competitor/")
    body = {"terms": ["Rival.com"], "reason": "new"}
    address = "/api/v1/hygiene_rules/competitor/"
    assert client.patch(address, body, format="json").status_code == 428
    tag = {"headers": {"If-Match": read["ETag"]}}
    done = client.patch(address, body, format="json", **tag)
    assert (done.status_code, done.json()["terms"], done.json()["version"]) == (200, ["rival.com"], 2)
    assert client.patch(address, body, format="json", **tag).status_code == 412
    wrong = client.patch(
        address, {"terms": ["a@b.com"], "reason": "x"}, format="json", headers={"If-Match": done["ETag"]}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/terms")


def test_no_key_changes_a_rule_and_no_rep_sees_one(machine: Any, as_: Any) -> None:
    answer = machine.patch("/api/v1/hygiene_rules/spam/", {"reason": "x"}, format="json")
    assert answer.status_code == 403
    assert as_("rep").get("/api/v1/hygiene_rules/").status_code == 403
    assert machine.get("/api/v1/hygiene_rules/nonsense/").status_code == 404


def test_a_mail_system_reports_bounces_and_the_gate_closes(machine: Any) -> None:
    body = {"items": [{"email": "Ada@Acme-Works.com", "bounced_at": "2026-01-01T00:00:00Z"}, {"email": "nonsense"}]}
    assert machine.send("bounced_addresses/", body, 200).json() == {"received": 2, "new": 1}
    assert machine.send("bounced_addresses/", body, 200).json()["new"] == 0
    assert BouncedAddress.objects.get().domain == "acme-works.com"
    receipt = machine.send("submissions/", {"source": "website", "email": "ada@acme-works.com"}, 201).json()
    assert (receipt["outcome"], receipt["detail"]) == ("quarantined", "Mail to this address came back.")
    machine.send("bounced_addresses/", {"items": []}, 422)
