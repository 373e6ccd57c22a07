"""Huddles attended, performance shared, findings answered, nurture given: records for marketing's clauses."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids
from revops.foundation.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0005_starter_tracks_and_ways_back"),
        ("leads", "0007_attempts_of_machines_never_count"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("week_on", models.DateField(help_text="Monday of the week of the rejections.")),
                ("rejections", models.PositiveIntegerField()),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(db_index=True)),
                ("answer", models.CharField(blank=True, max_length=500)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reason",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="feedback.reasoncode"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="findings", to="leads.source"
                    ),
                ),
            ],
            options={
                "ordering": ["due_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("week_on", "reason", "source"), name="a_pattern_is_found_once_a_week"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True)),
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="an_answered_finding_has_words_a_time_and_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_at__gt", models.F("opened_at"))),
                        name="a_finding_leaves_time_to_answer",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HuddleAttendance",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("week_on", models.DateField(help_text="Monday of the week that was reviewed.")),
                ("recorded_at", models.DateTimeField()),
                (
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="huddles", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["week_on", "id"],
                "constraints": [
                    models.UniqueConstraint(fields=("week_on", "user"), name="a_person_attends_a_huddle_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="NurturePeriod",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("stopped_at", models.DateTimeField(blank=True, null=True)),
                ("stop_reason", models.CharField(blank=True, max_length=200)),
                (
                    "disposition",
                    models.OneToOneField(
                        help_text="The “no response” that asks for it.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="nurture_period",
                        to="feedback.disposition",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="nurture_periods", to="leads.lead"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "stopped_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="feedback.nurturetrack"
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until__gt", models.F("started_at"))), name="nurture_lasts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("stopped_at__isnull", True), ("stopped_by__isnull", True)),
                            models.Q(
                                ("stopped_at__isnull", False),
                                ("stopped_by__isnull", False),
                                models.Q(("stop_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="nurture_that_was_stopped_says_by_whom_and_why",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PerformanceReport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month_on", models.DateField(help_text="First day of the month.", unique=True)),
                ("numbers", models.JSONField(help_text="Per source and campaign, as they were when shared.")),
                ("numbers_hash", models.CharField(max_length=64)),
                (
                    "note",
                    models.CharField(blank=True, help_text="What worked, what did not, what is next.", max_length=500),
                ),
                ("shared_at", models.DateTimeField()),
                (
                    "shared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-month_on"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month_on__day", 1)), name="a_report_is_about_a_whole_month"
                    )
                ],
            },
        ),
        AppendOnly("feedback_performancereport"),
    ]
