"""A score that was made with all others keeps the points of every rule until its decision is written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0011_decisions_lose_the_persons_they_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadscore",
            name="reasons",
            field=models.BinaryField(blank=True, help_text="What scoring.engine.reasons wrote.", null=True),
        ),
    ]
