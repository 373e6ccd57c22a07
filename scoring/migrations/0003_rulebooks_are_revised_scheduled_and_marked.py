"""Drafts are saved step by step and scheduled; effects, marks of reasons and verdicts on kinds are kept."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0001_initial"),
        ("scoring", "0002_decisions_and_signatures_are_permanent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KindVerdict",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("is_proven", models.BooleanField()),
                ("given_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=500)),
                (
                    "lift",
                    models.JSONField(
                        help_text="Acceptance and meetings of leads with and without the kind, as measured."
                    ),
                ),
            ],
            options={
                "ordering": ["-given_at"],
            },
        ),
        migrations.CreateModel(
            name="ReasonMark",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("rule_key", models.CharField(max_length=64)),
                ("is_helpful", models.BooleanField()),
                ("marked_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="RulebookEffect",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("weeks", models.PositiveSmallIntegerField()),
                ("built_at", models.DateTimeField()),
                ("figures", models.JSONField()),
            ],
            options={
                "ordering": ["rulebook", "weeks"],
            },
        ),
        migrations.CreateModel(
            name="RulebookRevision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                ("definition", models.JSONField()),
                ("parked", models.JSONField(default=list)),
                ("saved_at", models.DateTimeField()),
                (
                    "restores",
                    models.PositiveIntegerField(
                        blank=True, help_text="The revision that an undo brought back.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="rulebook",
            name="a_rulebook_is_in_a_known_state",
        ),
        migrations.RemoveConstraint(
            model_name="rulebook",
            name="a_rulebook_that_counts_was_published",
        ),
        migrations.AddField(
            model_name="rulebook",
            name="emergency_reason",
            field=models.CharField(blank=True, max_length=500),
        ),
        migrations.AddField(
            model_name="rulebook",
            name="evidence",
            field=models.JSONField(blank=True, help_text="The backtest that the signers were shown.", null=True),
        ),
        migrations.AddField(
            model_name="rulebook",
            name="parked",
            field=models.JSONField(
                blank=True, default=list, help_text="Rules switched off in the editor; never signed."
            ),
        ),
        migrations.AddField(
            model_name="rulebook",
            name="publish_at",
            field=models.DateTimeField(blank=True, help_text="When a scheduled version goes live.", null=True),
        ),
        migrations.AddField(
            model_name="rulebook",
            name="restores",
            field=models.ForeignKey(
                blank=True,
                help_text="The signed version whose content this one brings back.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="scoring.rulebook",
            ),
        ),
        migrations.AddField(
            model_name="rulebook",
            name="revision",
            field=models.PositiveIntegerField(default=1, help_text="Counts the times a draft was saved."),
        ),
        migrations.AddField(
            model_name="tieroverride",
            name="settled_at",
            field=models.DateTimeField(
                blank=True, help_text="When the lead went back to the team its own tier says.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="rulebook",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("review", "In review"),
                    ("scheduled", "Scheduled"),
                    ("live", "Live"),
                    ("superseded", "Superseded"),
                    ("reverted", "Reverted"),
                    ("discarded", "Discarded"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="rulebookchange",
            name="action",
            field=models.CharField(
                choices=[
                    ("drafted", "Drafted"),
                    ("edited", "Edited"),
                    ("rebased", "Brought up to date"),
                    ("asked", "Review requested"),
                    ("signed", "Signed"),
                    ("declined", "Declined"),
                    ("discarded", "Discarded"),
                    ("scheduled", "Scheduled"),
                    ("unscheduled", "Taken off the schedule"),
                    ("published", "Published"),
                    ("kept", "Reviewed and kept"),
                    ("reverted", "Reverted"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="tieroverride",
            index=models.Index(
                condition=models.Q(("settled_at", None)), fields=["expires_at"], name="override_to_settle"
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "review", "scheduled", "live", "superseded", "reverted", "discarded"])
                ),
                name="a_rulebook_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("published_at__isnull", True), ("state__in", ["draft", "review", "scheduled", "discarded"])
                    ),
                    models.Q(("published_at__isnull", False), ("state__in", ["live", "superseded", "reverted"])),
                    _connector="OR",
                ),
                name="a_rulebook_that_counts_was_published",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("publish_at__isnull", False), ("state", "scheduled")),
                    models.Q(models.Q(("state", "scheduled"), _negated=True), ("publish_at", None)),
                    _connector="OR",
                ),
                name="a_scheduled_rulebook_has_its_time",
            ),
        ),
        migrations.AddField(
            model_name="kindverdict",
            name="kind",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="leads.signalkind"
            ),
        ),
        migrations.AddField(
            model_name="kindverdict",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reasonmark",
            name="lead",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reason_marks", to="leads.lead"
            ),
        ),
        migrations.AddField(
            model_name="reasonmark",
            name="rulebook",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scoring.rulebook"
            ),
        ),
        migrations.AddField(
            model_name="reasonmark",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="rulebookeffect",
            name="rulebook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="effects", to="scoring.rulebook"
            ),
        ),
        migrations.AddField(
            model_name="rulebookrevision",
            name="rulebook",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="revisions", to="scoring.rulebook"
            ),
        ),
        migrations.AddField(
            model_name="rulebookrevision",
            name="saved_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="kindverdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="a_verdict_states_its_reason"
            ),
        ),
        migrations.AddIndex(
            model_name="reasonmark",
            index=models.Index(fields=["rule_key", "marked_at"], name="reason_mark_rule"),
        ),
        migrations.AddConstraint(
            model_name="reasonmark",
            constraint=models.UniqueConstraint(
                fields=("lead", "user", "rule_key"), name="a_person_marks_a_reason_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebookeffect",
            constraint=models.UniqueConstraint(fields=("rulebook", "weeks"), name="an_effect_is_reported_once"),
        ),
        migrations.AddConstraint(
            model_name="rulebookrevision",
            constraint=models.UniqueConstraint(fields=("rulebook", "number"), name="a_revision_has_its_own_number"),
        ),
    ]
