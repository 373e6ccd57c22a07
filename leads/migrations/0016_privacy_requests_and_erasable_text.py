"""Requests about personal data, silence, retention; personal text can be taken out of what is only ever added."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids
from leads.starter_rules import STARTER_HYGIENE
from revops.foundation.append_only import ErasableText


def add_rule(apps, schema_editor):
    rules = apps.get_model("leads", "HygieneRule").objects
    ((code, sentence, action, terms),) = [rule for rule in STARTER_HYGIENE if rule[0] == "suppressed"]
    rules.bulk_create(
        [rules.model(code=code, sentence=sentence, action=action, terms=terms, position=15)], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0015_keys_are_found_without_a_pending_list"),
        ("foundation", "0005_entries_lose_the_persons_they_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SuppressedAddress",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("suppressed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(choices=[("export", "Export"), ("erase", "Erase")], max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("erasing", "Being erased"),
                            ("done", "Done"),
                            ("refused", "Refused"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("asked_about", models.CharField(blank=True, max_length=320)),
                ("note", models.CharField(blank=True, max_length=1000)),
                ("asked_on", models.DateField()),
                ("due_on", models.DateField()),
                ("opened_at", models.DateTimeField()),
                (
                    "keeps_silence",
                    models.BooleanField(
                        default=False, help_text="Their address is kept as a keyed hash, to be let alone."
                    ),
                ),
                ("job_id", models.UUIDField(blank=True, help_text="The job that erases.", null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(blank=True, help_text="What was done, or why it was refused.", max_length=500),
                ),
                (
                    "counts",
                    models.JSONField(blank=True, default=dict, help_text="How many rows lost something, by table."),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "closed_by",
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
                    "opened_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="privacy_requests",
                        to="leads.person",
                    ),
                ),
            ],
            options={
                "ordering": ["-opened_at", "-id"],
                "indexes": [
                    models.Index(fields=["-opened_at", "-id"], name="privacy_request_newest"),
                    models.Index(
                        condition=models.Q(("state__in", ["open", "erasing"])),
                        fields=["due_on"],
                        name="privacy_requests_open",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["export", "erase"])), name="a_privacy_request_has_a_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["open", "erasing", "done", "refused"])),
                        name="a_privacy_request_has_a_state",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("due_on__gt", models.F("asked_on"))), name="a_privacy_request_leaves_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at__isnull", True), ("state__in", ["open", "erasing"])),
                            models.Q(
                                ("closed_at__isnull", False),
                                ("state__in", ["done", "refused"]),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_closed_privacy_request_says_what_was_answered",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "erasing"])),
                        fields=("person", "kind"),
                        name="a_person_asks_for_one_thing_once_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("code", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("is_active", models.BooleanField()),
                ("days", models.PositiveIntegerField()),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "changed_by",
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
                "ordering": ["code"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("days__gte", 1), ("days__lte", 3650)), name="retention_is_1_day_to_10_years"
                    )
                ],
            },
        ),
        migrations.RunPython(add_rule, migrations.RunPython.noop),
        ErasableText("leads_submission", ["external_id", "dedupe_key"]),
        ErasableText("leads_submissionoutcome", ["detail"]),
        ErasableText("leads_signal", ["topic", "url", "event_id"]),
        ErasableText("leads_attempt", ["note", "event_id"]),
        ErasableText("leads_consentwording", ["text"]),
    ]
