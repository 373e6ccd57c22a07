"""Rescoring writes all current scores anew and swaps them in; until their decisions are written they are provisional."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0008_a_score_has_the_tier_of_its_decision"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadscore",
            name="is_provisional",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="leadscore",
            name="decision",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.scoredecision",
            ),
        ),
        migrations.AlterField(
            model_name="leadscore",
            name="lead",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                primary_key=True,
                related_name="score",
                serialize=False,
                to="leads.lead",
            ),
        ),
        migrations.AlterField(
            model_name="leadscore",
            name="rulebook",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.rulebook",
            ),
        ),
        migrations.AddIndex(
            model_name="leadscore",
            index=models.Index(
                condition=models.Q(("is_provisional", True)), fields=["tier", "-priority"], name="score_provisional"
            ),
        ),
    ]
