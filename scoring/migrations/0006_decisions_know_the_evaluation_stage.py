"""Decisions keep how far the buyer's own evaluation had come, so that a change of it alone makes a new decision."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0005_the_past_is_kept_as_cases")]

    operations = [
        migrations.AddField(
            model_name="scoredecision",
            name="evaluation_stage",
            field=models.SmallIntegerField(
                db_default=0,
                default=0,
                help_text="How far the buyer's own evaluation has come: 0 nothing known, 4 ready.",
            ),
        ),
        migrations.AddConstraint(
            model_name="scoredecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("evaluation_stage__range", (0, 4))), name="a_decision_has_a_known_evaluation_stage"
            ),
        ),
    ]
