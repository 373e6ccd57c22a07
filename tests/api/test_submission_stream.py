"""Submissions as lines: each line has its own answer, and a broken one harms no other."""

from __future__ import annotations

import json
from typing import Any

from leads.models import Lead, Submission, SubmissionBody


def stream(client: Any, content: str | bytes, status: int = 200, **headers: str) -> list[dict[str, Any]]:
    data = content if isinstance(content, bytes) else content.encode()
    answer = client.generic(
        "POST", "/api/v1/submissions/stream/", data, content_type="application/x-ndjson", headers=headers
    )
    assert answer.status_code == status, answer.content
    if status != 200:
        return [answer.json()]
    assert answer["Content-Type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.content.splitlines()]


def line(email: str, **more: Any) -> str:
    return json.dumps({"source": "website", "email": email, **more}) + "\n"


def test_each_line_is_answered_by_a_line(machine: Any) -> None:
    content = line("ada@acme-works.com", client_ref="a") + "\n" + line("x@mailinator.com") + line("ada@acme-works.com")
    answers = stream(machine, content)
    assert [(one["line"], one["outcome"]) for one in answers] == [(1, "new"), (3, "quarantined"), (4, "attached")]
    assert answers[0]["client_ref"] == "a"
    assert machine.get_json(f"submissions/{answers[0]['receipt']}/")["outcome"] == "new"


def test_a_broken_line_is_journalled_and_refused_alone(machine: Any) -> None:
    answers = stream(machine, line("ada@acme-works.com") + "{broken\n" + "[1]\n" + line("b@b-firm.com", sauce=1))
    assert [one["outcome"] for one in answers] == ["new", "refused", "refused", "refused"]
    assert [one["errors"][0]["pointer"] for one in answers[1:]] == ["#/lines/2", "#/lines/3", "#/lines/4/sauce"]
    assert SubmissionBody.objects.filter(raw="{broken").exists()
    assert (Submission.objects.count(), Lead.objects.count()) == (4, 1)


def test_bytes_that_are_no_text_cost_their_line_only(machine: Any) -> None:
    answers = stream(machine, b'{"email": "\xff\x00"}\n' + line("ada@acme-works.com").encode())
    assert [one["outcome"] for one in answers] == ["refused", "new"]


def test_the_same_key_is_answered_by_the_same_lines(machine: Any) -> None:
    first = stream(machine, line("ada@acme-works.com"), **{"Idempotency-Key": "k"})
    again = stream(machine, line("ada@acme-works.com"), **{"Idempotency-Key": "k"})
    assert first == again
    assert Submission.objects.count() == 1


def test_nothing_and_too_much_are_refused_in_words(machine: Any) -> None:
    assert "1 to 5000 lines" in stream(machine, "\n\n", 422)[0]["detail"]
    stream(machine, "{}\n" * 5_001, 422)
    stream(machine, b"x" * (32 * 1024 * 1024 + 1), 413)
    assert not Submission.objects.exists()


def test_a_client_may_ask_for_lines(machine: Any) -> None:
    assert stream(machine, line("ada@acme-works.com"), Accept="application/x-ndjson")[0]["outcome"] == "new"
    assert stream(machine, "\n", 422, Accept="application/x-ndjson")[0]["code"] == "validation_error"


def test_a_bad_list_in_lines_is_stopped_too(machine: Any) -> None:
    content = "".join(line(f"p{n}@{'mailinator.com' if n % 3 == 0 else f'firm{n}.com'}") for n in range(90))
    assert {one["outcome"] for one in stream(machine, content)} == {"quarantined"}
    assert not Lead.objects.exists()


def test_another_content_type_and_a_rep_are_refused(machine: Any, as_: Any) -> None:
    assert machine.post("/api/v1/submissions/stream/", {}, format="json").status_code == 415
    answer = as_("rep").generic("POST", "/api/v1/submissions/stream/", b"{}", content_type="application/x-ndjson")
    assert answer.status_code == 403
