"""Of a bad list sent in batches, the rest waits in quarantine, visibly, before it reaches sales."""

from __future__ import annotations

from typing import Any

import pytest

from leads.models import Lead, Submission
from revops.foundation.models import OutboxMessage
from tests.factories import UserFactory


def batch(machine: Any, first: int, count: int, bad_every: int = 0, source: str = "website") -> dict[str, Any]:
    items = []
    for number in range(first, first + count):
        is_bad = bad_every and number % bad_every == 0
        items.append({"email": f"p{number}@{'mailinator.com' if is_bad else f'firm{number}.com'}"})
    answer = machine.send("submissions/batch/", {"source": source, "items": items}, 200).json()
    return dict(answer["counts"]) | {"results": answer["results"]}


def test_a_good_batch_goes_on(machine: Any) -> None:
    assert batch(machine, 1, 60)["new"] == 60


def test_a_fifth_exactly_goes_on_row_by_row(machine: Any) -> None:
    counts = batch(machine, 1, 100, bad_every=5)
    assert (counts["new"], counts["quarantined"]) == (80, 20)


def test_of_a_bad_batch_everything_waits_and_says_why(machine: Any, house: Any) -> None:
    house.source.owner = UserFactory.create(role="marketing_manager")
    house.source.save()
    counts = batch(machine, 1, 100, bad_every=4)
    assert (counts["new"], counts["quarantined"]) == (0, 100)
    assert not Lead.objects.exists()
    details = {result["detail"] for result in counts["results"]}
    assert details == {
        "It came with rows of which over 20 % are bad.",
        "mailinator.com gives out throw-away addresses.",
    }
    rules = list(Submission.objects.with_outcome().values_list("outcome_rule", flat=True))
    assert (rules.count("bad_list"), rules.count("disposable")) == (75, 25)
    [told] = OutboxMessage.objects.filter(kind="batch.held")
    assert told.recipient == str(house.source.owner_id)
    batch(machine, 101, 100, bad_every=4)
    assert OutboxMessage.objects.filter(kind="batch.held").count() == 1


@pytest.mark.parametrize("size", [10, 40, 250])
def test_however_it_is_cut_a_bad_list_is_stopped_before_fifty_of_it_reach_sales(machine: Any, size: int) -> None:
    for first in range(1, 500, size):
        batch(machine, first, size, bad_every=3)
    assert Lead.objects.count() < 50
    assert Submission.objects.count() >= 500


def test_a_few_bad_rows_of_few_are_no_list(machine: Any) -> None:
    counts = batch(machine, 1, 20, bad_every=2)
    assert (counts["new"], counts["quarantined"]) == (10, 10)


def test_what_waits_is_released_as_anything_else(machine: Any, as_: Any) -> None:
    counts = batch(machine, 1, 60, bad_every=3)
    receipt = next(one["receipt"] for one in counts["results"] if "over 20 %" in one["detail"])
    as_("marketer").post("/submissions/release/", {"submission": receipt})
    assert machine.get_json(f"submissions/{receipt}/")["outcome"] == "new"
