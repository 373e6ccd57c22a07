"""Contests, their verdicts and the labels they put right: all only added."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids
from revops.foundation.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0006_what_shows_that_promises_are_kept"),
        ("leads", "0007_attempts_of_machines_never_count"),
        ("scoring", "0006_decisions_know_the_evaluation_stage"),
        ("sla", "0006_signatures_are_for_a_revision"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Contest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "about",
                    models.CharField(
                        choices=[
                            ("score", "Score"),
                            ("tier", "Tier"),
                            ("route", "Route"),
                            ("breach", "Breach"),
                            ("duplicate", "Duplicate match"),
                            ("rejection", "Rejection"),
                        ],
                        max_length=10,
                    ),
                ),
                ("subject_id", models.CharField(max_length=64)),
                ("key", models.CharField(blank=True, max_length=80)),
                ("wrong", models.CharField(help_text="What is wrong, by its code.", max_length=32)),
                ("words", models.TextField(blank=True)),
                ("side", models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12)),
                ("judge_reason", models.CharField(max_length=200)),
                ("contested_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.assignment",
                    ),
                ),
                (
                    "clock",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contests",
                        to="sla.clock",
                    ),
                ),
                (
                    "concerns",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Whose work it is about: told of the verdict, and credited back.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "contested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.scoredecision",
                    ),
                ),
                (
                    "disposition",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contests",
                        to="feedback.disposition",
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.handoff",
                    ),
                ),
                (
                    "judge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contests_to_judge",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "judges_clock",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="sla.clock",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="contests", to="leads.lead"
                    ),
                ),
            ],
            options={
                "ordering": ["-contested_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="CorrectedExample",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("aspect", models.CharField(max_length=10)),
                ("key", models.CharField(blank=True, max_length=80)),
                ("said", models.CharField(max_length=80)),
                ("right", models.CharField(blank=True, max_length=80)),
                ("corrected_at", models.DateTimeField()),
                (
                    "contest",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="example", to="feedback.contest"
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.scoredecision",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="corrected_examples", to="leads.lead"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ContestVerdict",
            fields=[
                (
                    "contest",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="verdict",
                        serialize=False,
                        to="feedback.contest",
                    ),
                ),
                ("is_upheld", models.BooleanField()),
                ("words", models.TextField()),
                ("decided_at", models.DateTimeField()),
                ("effects", models.JSONField(default=list, help_text="What followed from it, by code.")),
                (
                    "judge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="contest",
            index=models.Index(fields=["judge", "due_at"], name="contest_judge_due"),
        ),
        migrations.AddIndex(
            model_name="contest",
            index=models.Index(fields=["-contested_at", "-id"], name="contest_newest"),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.UniqueConstraint(
                fields=("about", "subject_id", "side"), name="a_thing_is_contested_once_by_a_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("about__in", ["score", "tier", "route", "breach", "duplicate", "rejection"])),
                name="a_contest_is_about_a_known_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("judge", models.F("contested_by")), _negated=True),
                name="nobody_judges_their_own_contest",
            ),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["marketing", "sales"])), name="a_contest_is_of_a_known_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="contest",
            constraint=models.CheckConstraint(
                condition=models.Q(("wrong", ""), _negated=True), name="a_contest_says_what_is_wrong"
            ),
        ),
        migrations.AddConstraint(
            model_name="contestverdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("words", ""), _negated=True), name="a_verdict_has_words"
            ),
        ),
        AppendOnly("feedback_contest"),
        AppendOnly("feedback_contestverdict"),
        AppendOnly("feedback_correctedexample"),
    ]
