"""A name that got into the facts of a decision can be taken out; the decision and its points cannot change."""

from django.db import migrations

from revops.foundation.append_only import ErasableText


class Migration(migrations.Migration):
    dependencies = [("scoring", "0010_verdicts_and_changes_lose_the_persons_they_name")]

    operations = [ErasableText("scoring_scoredecision", ["inputs"])]
