"""The queue looks at the latest accepted leads, of one owner or of all, whatever was accepted before."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("leads", "0016_privacy_requests_and_erasable_text")]

    operations = [
        AddIndexConcurrently(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("stage", "accepted")),
                fields=["owner", "-stage_at", "-id"],
                name="lead_accepted_of",
            ),
        ),
        AddIndexConcurrently(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("stage", "accepted")), fields=["-stage_at", "-id"], name="lead_accepted"
            ),
        ),
    ]
