"""Calendars, agreements, people who take leads, hand-offs and clocks."""

from datetime import timedelta

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("leads", "0001_initial"),
        ("scoring", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RoutingBalance",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="routing_balance",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("balance", models.BigIntegerField(default=0)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Calendar",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=120)),
            ],
            options={
                "ordering": ["name"],
                "constraints": [models.UniqueConstraint(fields=("name",), name="a_calendar_name_is_used_once")],
            },
        ),
        migrations.CreateModel(
            name="Agreement",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("live", "Live"), ("superseded", "Superseded")],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("effective_at", models.DateTimeField(blank=True, null=True)),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
                ("review_on", models.DateField()),
                (
                    "calendar",
                    models.ForeignKey(
                        help_text="Counts business time where nobody in particular is responsible yet.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreements",
                        to="sla.calendar",
                    ),
                ),
            ],
            options={
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="CalendarVersion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("zone", models.CharField(help_text="IANA name, like Europe/Berlin.", max_length=64)),
                ("spec", models.JSONField()),
                ("country", models.CharField(blank=True, help_text="Whose public holidays were taken.", max_length=2)),
                ("region", models.CharField(blank=True, max_length=16)),
                ("created_at", models.DateTimeField()),
                (
                    "calendar",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="sla.calendar",
                    ),
                ),
            ],
            options={
                "ordering": ["calendar", "-version"],
            },
        ),
        migrations.CreateModel(
            name="Clause",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=48)),
                ("side", models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12)),
                ("text", models.CharField(max_length=300)),
                ("measure", models.CharField(choices=[("clock", "Clock"), ("count", "Count")], max_length=8)),
                ("promise", models.DurationField(blank=True, null=True)),
                (
                    "business_time",
                    models.BooleanField(default=False, help_text="The promise counts business time only."),
                ),
                ("target", models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True)),
                ("unit", models.CharField(blank=True, max_length=40)),
                ("position", models.PositiveSmallIntegerField(default=100)),
                (
                    "agreement",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clauses",
                        to="sla.agreement",
                    ),
                ),
            ],
            options={
                "ordering": ["side", "position", "code"],
            },
        ),
        migrations.CreateModel(
            name="HandOff",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="1 for the first hand-off of this lead.")),
                ("tier", models.SmallIntegerField()),
                ("priority", models.IntegerField()),
                ("qualified_at", models.DateTimeField()),
                ("handed_off_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(blank=True, null=True)),
                ("unrouted_reason", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("accepted", "Accepted"),
                            ("rejected", "Rejected"),
                            ("returned", "Returned to nurture"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("snoozed_until", models.DateTimeField(blank=True, null=True)),
                ("snooze_reason", models.CharField(blank=True, max_length=200)),
                (
                    "cause_kind",
                    models.CharField(help_text="What qualified it: submission, signal, rulebook …", max_length=32),
                ),
                ("cause_id", models.CharField(blank=True, max_length=64)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answered_handoffs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to="leads.lead",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Empty while nobody could take it.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoffs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "score_decision",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.scoredecision",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Clock",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("side", models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12)),
                ("started_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("warn_at", models.DateTimeField()),
                ("met_at", models.DateTimeField(blank=True, null=True)),
                ("met_by_kind", models.CharField(blank=True, max_length=32)),
                ("met_by_id", models.CharField(blank=True, max_length=64)),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("cancel_reason", models.CharField(blank=True, max_length=200)),
                ("paused_at", models.DateTimeField(blank=True, null=True)),
                ("paused_total", models.DurationField(default=timedelta, help_text="Of its own kind of time.")),
                ("late_reason", models.CharField(blank=True, max_length=300)),
                (
                    "calendar_version",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        help_text="Whose hours count; empty for plain time.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="sla.calendarversion",
                    ),
                ),
                (
                    "clause",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="sla.clause",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="leads.lead",
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="sla.clock",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        help_text="Who is responsible; empty if the side as a whole is.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="sla.handoff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RepProfile",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="rep_profile",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("weight", models.PositiveSmallIntegerField(default=1, help_text="Turns relative to the others.")),
                (
                    "capacity",
                    models.PositiveIntegerField(
                        blank=True, help_text="Most unanswered hand-offs at one time; empty for no limit.", null=True
                    ),
                ),
                ("is_routable", models.BooleanField(default=True)),
                (
                    "countries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=2), blank=True, default=list, size=None
                    ),
                ),
                (
                    "tiers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("updated_at", models.DateTimeField()),
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rep_profiles", to="sla.calendar"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TurnEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("assigned", "Assigned"),
                            ("credit_back", "Turn credited back"),
                            ("charged_again", "Credit taken back"),
                        ],
                        max_length=16,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                ("turns", models.PositiveIntegerField()),
                ("roster", django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ("deltas", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                (
                    "handoff",
                    models.ForeignKey(
                        blank=True,
                        help_text="Whose turn was credited back or charged again; empty for a batch of assignments.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="turn_entries",
                        to="sla.handoff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("auto", "By routing"), ("manual", "By a person"), ("reassign", "Reassigned")],
                        max_length=12,
                    ),
                ),
                ("assigned_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=200)),
                ("trace", models.JSONField(default=dict)),
                (
                    "assigned_by",
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
                    "user",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "handoff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="sla.handoff"
                    ),
                ),
                (
                    "turn",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="sla.turnentry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[("leave", "Leave"), ("sick", "Sick"), ("training", "Training"), ("other", "Other")],
                        default="leave",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at"],
                "indexes": [models.Index(fields=["user", "ends_at"], name="absence_user_end")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="an_absence_ends_later"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgreementSignature",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("side", models.CharField(choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12)),
                ("signed_at", models.DateTimeField()),
                (
                    "content_hash",
                    models.CharField(help_text="SHA-256 of the clauses as they were when signed.", max_length=64),
                ),
                (
                    "agreement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="sla.agreement"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agreement_signatures",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["signed_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agreement", "side", "content_hash"), name="each_side_signs_clauses_once"
                    ),
                    models.UniqueConstraint(
                        fields=("agreement", "user", "content_hash"), name="two_people_sign_an_agreement"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("side__in", ["marketing", "sales"])), name="a_head_signs_for_a_known_side"
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "live")), fields=("state",), name="one_agreement_is_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "live", "superseded"])),
                name="an_agreement_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="agreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("effective_at__isnull", True), ("state", "draft")),
                    models.Q(models.Q(("state", "draft"), _negated=True), ("effective_at__isnull", False)),
                    _connector="OR",
                ),
                name="an_agreement_that_counts_took_effect",
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarversion",
            constraint=models.UniqueConstraint(
                fields=("calendar", "version"), name="a_calendar_version_is_numbered_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="clause",
            constraint=models.UniqueConstraint(fields=("agreement", "code"), name="an_agreement_has_a_clause_once"),
        ),
        migrations.AddConstraint(
            model_name="clause",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["marketing", "sales"])), name="a_clause_is_of_a_known_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="clause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("measure", "clock"), ("promise__isnull", False)),
                    models.Q(("measure", "count"), ("promise__isnull", True)),
                    _connector="OR",
                ),
                name="a_clock_clause_has_a_promise",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["owner", "due_at", "tier", "-priority", "id"],
                name="handoff_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(
                condition=models.Q(("owner__isnull", True), ("state", "open")),
                fields=["handed_off_at"],
                name="handoff_unrouted",
            ),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(fields=["-handed_off_at"], name="handoff_newest"),
        ),
        migrations.AddIndex(
            model_name="handoff",
            index=models.Index(fields=["owner", "-answered_at"], name="handoff_owner_answered"),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("lead",), name="one_open_handoff_per_lead"
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.UniqueConstraint(fields=("lead", "number"), name="a_handoff_of_a_lead_is_numbered_once"),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "accepted", "rejected", "returned", "withdrawn"])),
                name="a_handoff_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="an_answered_handoff_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("snoozed_until__isnull", True),
                    ("due_at__isnull", True),
                    ("snoozed_until__lte", models.F("due_at")),
                    models.Q(("snooze_reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_snooze_past_the_deadline_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoff",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause_kind", ""), _negated=True), name="a_handoff_has_a_cause"
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(fields=["clause", "due_at"], name="clock_clause_due"),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("cancelled_at__isnull", True), ("met_at__isnull", True)),
                fields=["due_at"],
                name="clock_open_due",
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(fields=["lead", "started_at"], name="clock_lead"),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.UniqueConstraint(
                condition=models.Q(("cancelled_at__isnull", True), ("met_at__isnull", True)),
                fields=("lead", "clause", "handoff"),
                name="one_open_clock_per_lead_clause_and_handoff",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["marketing", "sales"])), name="a_clock_is_of_a_known_side"
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("met_at__isnull", True), ("met_at__gte", models.F("started_at")), _connector="OR"),
                name="a_clock_is_met_after_its_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("met_at__isnull", True), ("cancelled_at__isnull", True), _connector="OR"),
                name="a_clock_closes_one_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("met_at__isnull", True), models.Q(("met_by_kind", ""), _negated=True), _connector="OR"
                ),
                name="a_met_clock_names_its_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="clock",
            constraint=models.CheckConstraint(
                condition=models.Q(("warn_at__gte", models.F("started_at")), ("due_at__gte", models.F("warn_at"))),
                name="a_clock_warns_before_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="repprofile",
            constraint=models.CheckConstraint(condition=models.Q(("weight__gte", 1)), name="a_rep_has_a_weight"),
        ),
        migrations.AddIndex(
            model_name="turnentry",
            index=models.Index(fields=["-decided_at"], name="turn_entry_newest"),
        ),
        migrations.AddConstraint(
            model_name="turnentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__in", ["assigned", "credit_back", "charged_again"])),
                name="a_turn_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="turnentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", "assigned"), ("handoff__isnull", False), _connector="OR"),
                name="a_credit_names_its_handoff",
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(fields=["user", "-assigned_at"], name="assignment_user_time"),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["auto", "manual", "reassign"])),
                name="an_assignment_is_of_a_known_kind",
            ),
        ),
    ]
