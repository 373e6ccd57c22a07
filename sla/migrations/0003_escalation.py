"""The ladder, its steps, stand-ins, leads offered to others, and breaches that do not count."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids
from revops.foundation.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0002_limit_of_an_api_key"),
        ("leads", "0003_imports"),
        ("sla", "0002_closed_clocks_and_signed_agreements_stay"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockExcuse",
            fields=[
                (
                    "clock",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="excuse",
                        serialize=False,
                        to="sla.clock",
                    ),
                ),
                ("cause_kind", models.CharField(max_length=32)),
                ("cause_id", models.UUIDField()),
                ("excused_at", models.DateTimeField()),
                (
                    "excused_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EscalationLadder",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField()),
                ("steps", models.JSONField()),
                ("most_moves", models.PositiveSmallIntegerField(help_text="How often escalation may move one lead.")),
                ("created_at", models.DateTimeField()),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ladders", to="sla.agreement"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="Escalation",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("about_id", models.UUIDField()),
                ("side", models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12)),
                ("move", models.PositiveSmallIntegerField()),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("remind", "Remind"),
                            ("backup", "Backup"),
                            ("manager", "Manager"),
                            ("pool", "Offer to others"),
                        ],
                        max_length=8,
                    ),
                ),
                ("after", models.PositiveSmallIntegerField(help_text="Percent of the promise.")),
                ("due_at", models.DateTimeField(help_text="When the step was due.")),
                ("taken_at", models.DateTimeField()),
                ("tell_at", models.DateTimeField(help_text="When the receiver works: nobody is told before.")),
                (
                    "copies",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, size=None
                    ),
                ),
                ("passed_over", models.JSONField(default=list)),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "clock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="escalations", to="sla.clock"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="escalations",
                        to="leads.lead",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ladder",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.escalationladder",
                    ),
                ),
            ],
            options={
                "ordering": ["taken_at", "after"],
            },
        ),
        migrations.CreateModel(
            name="PoolOffer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("offered_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                (
                    "from_user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers",
                        to="sla.handoff",
                    ),
                ),
                (
                    "taken_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["offered_at"],
            },
        ),
        migrations.CreateModel(
            name="RepBackup",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="stand_in",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("updated_at", models.DateTimeField()),
                (
                    "backup",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="escalationladder",
            constraint=models.UniqueConstraint(
                fields=("agreement", "version"), name="a_ladder_version_is_numbered_once"
            ),
        ),
        migrations.AddIndex(
            model_name="escalation",
            index=models.Index(fields=["lead", "taken_at"], name="escalation_lead"),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.UniqueConstraint(
                fields=("about_id", "side", "move", "action"), name="a_step_is_taken_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(("action__in", ["remind", "backup", "manager", "pool"])),
                name="an_escalation_is_a_known_action",
            ),
        ),
        migrations.AddConstraint(
            model_name="escalation",
            constraint=models.CheckConstraint(
                condition=models.Q(("taken_at__gte", models.F("due_at"))), name="an_escalation_is_never_early"
            ),
        ),
        migrations.AddConstraint(
            model_name="pooloffer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_at__isnull", True)),
                fields=("handoff",),
                name="a_handoff_is_offered_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="pooloffer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("taken_at__isnull", True), ("taken_by__isnull", True)),
                    models.Q(("taken_at__isnull", False), ("taken_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_taken_offer_names_who_took_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="repbackup",
            constraint=models.CheckConstraint(
                condition=models.Q(("user", models.F("backup")), _negated=True), name="nobody_backs_up_themselves"
            ),
        ),
        AppendOnly("sla_escalationladder"),
        AppendOnly("sla_escalation"),
        AppendOnly("sla_clockexcuse"),
    ]
