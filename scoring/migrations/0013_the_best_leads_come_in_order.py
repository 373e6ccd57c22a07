"""Thousands of leads share a tier and a priority; the index says their order too, so that nobody has to sort them."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("scoring", "0012_a_new_score_keeps_its_reasons")]

    operations = [
        AddIndexConcurrently(
            model_name="leadscore",
            index=models.Index(fields=["tier", "-priority", "lead"], name="score_best"),
        ),
        RemoveIndexConcurrently(model_name="leadscore", name="score_tier_priority"),
    ]
