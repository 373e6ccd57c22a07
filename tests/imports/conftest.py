"""A company that can take leads in, and files to give it."""

from pathlib import Path

import pytest

from leads.models import Source
from revops.foundation.models import Team, User
from scoring.starter import publish_starter
from sla.starter import publish_starter_agreement
from tests.conftest import NOW

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_shared_data = pytest.mark.skipif(
    not SHARED.is_dir(), reason="The shared data (../shared/data) is not on this machine."
)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    """Uploads go to a directory of this test."""
    settings.VAR_DIR = tmp_path / "var"
    return tmp_path / "var" / "uploads"


@pytest.fixture
def company(db):
    """A live rulebook and a live agreement, signed by both sides."""
    teams = {side: Team.objects.create(name=f"{side} team", side=side) for side in ("sales", "marketing", "revops")}
    people = {
        role: User.objects.create_user(f"{role}@portal.example", None, name=role, role=role, team=teams[side])
        for role, side in [("sales_manager", "sales"), ("marketing_manager", "marketing"), ("admin", "revops")]
    }
    publish_starter(people["admin"], people["marketing_manager"], people["sales_manager"], NOW)
    publish_starter_agreement(people["marketing_manager"], people["sales_manager"], NOW)
    return people


@pytest.fixture
def source(db):
    return Source.objects.create(key="webinar", name="Webinar", created_at=NOW)


@pytest.fixture
def written(tmp_path):
    """Writes a file and gives its path."""

    def write(content, name="leads.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
