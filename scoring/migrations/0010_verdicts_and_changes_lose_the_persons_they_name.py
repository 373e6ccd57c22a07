"""Personal text can be taken out of what people wrote beside verdicts and changes of the rules."""

from django.db import migrations

from revops.foundation.append_only import ErasableText


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0009_scores_are_swapped_as_a_whole"),
        ("foundation", "0005_entries_lose_the_persons_they_name"),
    ]

    operations = [
        ErasableText("scoring_kindverdict", ["reason"]),
        ErasableText("scoring_rulebookchange", ["reason"]),
    ]
