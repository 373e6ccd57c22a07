"""The recipes of docs/api.md, run as they stand, with curl, against a real server."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.api.conftest import key_for, open_house

RECIPES = re.findall(r"```sh\n(.*?)```", Path("docs/api.md").read_text(encoding="utf-8"), re.DOTALL)[1:]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.django_db(transaction=True)
def test_the_recipes_work_as_they_stand(live_server):
    known = {"BASE": live_server.url, "KEY": key_for(open_house().people["integration"])}
    answers = []
    for recipe in RECIPES:
        for command in re.findall(r"curl(?:[^\n]|\\\n|\n {2,})+", recipe):
            done = subprocess.run(
                ["bash", "-euc", command + ' -w "\\n%{http_code}"'],
                env={**known, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            )
            body, _, status = done.stdout.rpartition("\n")
            answer = json.loads(body)
            assert int(status) < 300, (command, answer)
            answers.append(answer)
            _learn(known, answer)
    assert len(answers) == sum(len(re.findall(r"^curl", recipe, re.MULTILINE)) for recipe in RECIPES) > 20


def _learn(known, answer):
    """What the next recipe needs from this answer."""
    if answer.get("receipt") and answer.get("lead_id"):
        known.setdefault("RECEIPT", answer["receipt"])
        known.setdefault("LEAD", answer["lead_id"])
    for row in answer.get("data", []):
        if row.get("evidence_kind") == "text":
            known.setdefault("REASON", row["code"])
