"""Clocks keep the absences that moved their deadline, and every pause with its reason."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from revops.foundation.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0004_routing_rules_calendars_of_teams_remarks_on_drafts"),
    ]

    operations = [
        migrations.AddField(
            model_name="clock",
            name="away",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(),
                blank=True,
                default=list,
                help_text="Absences that moved the deadline: from, until, from, until …",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="ClockEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("paused", "Paused"), ("resumed", "Resumed")], max_length=8)),
                ("at", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="events", to="sla.clock"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["paused", "resumed"])), name="a_clock_event_is_of_a_known_kind"
                    )
                ],
            },
        ),
        AppendOnly("sla_clockevent"),
    ]
