import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import leads.models.sources
import revops.foundation.ids
import revops.foundation.models.fields
from revops.foundation.append_only import AppendOnly


class Migration(migrations.Migration):
    """Submissions, people, accounts, leads, signals and attempts; what is append-only is so in the database."""

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Campaign",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        help_text="The utm_campaign value that marks its visitors.",
                        max_length=120,
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="HygieneRule",
            fields=[
                (
                    "code",
                    models.SlugField(max_length=64, primary_key=True, serialize=False),
                ),
                ("sentence", models.CharField(max_length=200)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("quarantine", "Quarantine"),
                            ("flag", "Flag only"),
                            ("refuse", "Refuse"),
                        ],
                        max_length=16,
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                (
                    "terms",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text="Own domains, competitors, phrases …",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=100)),
            ],
            options={
                "ordering": ["position", "code"],
            },
        ),
        migrations.CreateModel(
            name="Submission",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("form", "Web form"),
                            ("api", "API"),
                            ("import", "Import"),
                            ("webhook", "Webhook"),
                            ("email", "E-mail"),
                            ("command", "Command"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="The sender's own id.", max_length=200),
                ),
                (
                    "dedupe_key",
                    models.CharField(
                        blank=True,
                        help_text="Same source and key means the same thing sent twice.",
                        max_length=64,
                        null=True,
                    ),
                ),
                ("received_at", models.DateTimeField()),
                (
                    "occurred_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it happened, if the sender knows.",
                        null=True,
                    ),
                ),
                (
                    "is_history",
                    models.BooleanField(
                        default=False,
                        help_text="Past facts: they never start a live clock.",
                    ),
                ),
                (
                    "job_id",
                    models.UUIDField(blank=True, help_text="The import that brought it.", null=True),
                ),
                (
                    "line",
                    models.PositiveIntegerField(blank=True, help_text="Line of the imported file.", null=True),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignalKind",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("code", models.SlugField(max_length=48, unique=True)),
                (
                    "name",
                    models.CharField(help_text="Past tense, as in: requested a demo.", max_length=120),
                ),
                (
                    "family",
                    models.CharField(help_text="Caps add up within a family.", max_length=32),
                ),
                (
                    "strength",
                    models.CharField(
                        choices=[
                            ("hand_raise", "Hand-raise"),
                            ("high", "High"),
                            ("medium", "Medium"),
                            ("low", "Low"),
                        ],
                        max_length=16,
                    ),
                ),
                ("is_proven", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ["family", "code"],
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "key",
                    models.SlugField(
                        help_text="Stable name used by imports and the API.",
                        max_length=64,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("inbound", "Inbound"),
                            ("outbound", "Outbound"),
                            ("partner", "Partner"),
                            ("surge", "Surge"),
                            ("purchased", "Purchased list"),
                        ],
                        default="inbound",
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pilot", "Pilot"),
                            ("active", "Active"),
                            ("stopped", "Stopped"),
                        ],
                        default="active",
                        max_length=16,
                    ),
                ),
                (
                    "readiness",
                    models.CharField(
                        default="problem_aware",
                        help_text="Usual readiness of its leads.",
                        max_length=32,
                    ),
                ),
                (
                    "allowed_tiers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(),
                        default=leads.models.sources.every_tier,
                        size=None,
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=300)),
                ("normalised_name", models.CharField(blank=True, max_length=300)),
                (
                    "domain",
                    revops.foundation.models.fields.CaseInsensitiveTextField(blank=True, null=True),
                ),
                ("industry", models.CharField(blank=True, max_length=120)),
                ("employees", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "country",
                    models.CharField(blank=True, help_text="ISO 3166 alpha-2.", max_length=2),
                ),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("nurture", "Nurture"),
                            ("handed_off", "Handed off"),
                            ("accepted", "Accepted"),
                            ("opportunity", "Opportunity"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("rejected", "Rejected"),
                        ],
                        default="new",
                        max_length=16,
                    ),
                ),
                ("stage_at", models.DateTimeField()),
                (
                    "received_at",
                    models.DateTimeField(help_text="When its first submission reached us."),
                ),
                (
                    "occurred_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="When it began; empty if undated history.",
                        null=True,
                    ),
                ),
                ("is_history", models.BooleanField(default=False)),
                (
                    "need",
                    models.TextField(
                        blank=True,
                        help_text="What they said they want, in their words.",
                    ),
                ),
                (
                    "attributes",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="Mapped facts beyond the columns.",
                    ),
                ),
                (
                    "first_touch",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="UTM of the first submission.",
                    ),
                ),
                (
                    "last_touch",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="UTM of the latest submission.",
                    ),
                ),
                ("last_signal_at", models.DateTimeField(blank=True, null=True)),
                ("rejections", models.PositiveSmallIntegerField(default=0)),
                (
                    "wakes_on",
                    models.DateField(blank=True, help_text="Not now: look again on this day.", null=True),
                ),
                (
                    "withdrawn_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="Its import was undone; kept, not shown.",
                        null=True,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
                        to="leads.account",
                    ),
                ),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
                        to="leads.campaign",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="leads",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("call", "Call"),
                            ("email", "E-mail"),
                            ("message", "Message"),
                            ("meeting", "Meeting"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("no_answer", "No answer"),
                            ("left_message", "Left a message"),
                            ("contact", "Contact"),
                            ("conversation", "Conversation"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "grade",
                    models.CharField(
                        choices=[
                            ("A", "Connected system"),
                            ("B", "Matched mail or calendar"),
                            ("C", "A person's word"),
                        ],
                        default="C",
                        max_length=1,
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField()),
                ("note", models.TextField(blank=True)),
                ("event_id", models.CharField(blank=True, max_length=120)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="leads.lead",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LifecycleEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "from_stage",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("new", "New"),
                            ("nurture", "Nurture"),
                            ("handed_off", "Handed off"),
                            ("accepted", "Accepted"),
                            ("opportunity", "Opportunity"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "to_stage",
                    models.CharField(
                        choices=[
                            ("new", "New"),
                            ("nurture", "Nurture"),
                            ("handed_off", "Handed off"),
                            ("accepted", "Accepted"),
                            ("opportunity", "Opportunity"),
                            ("won", "Won"),
                            ("lost", "Lost"),
                            ("rejected", "Rejected"),
                        ],
                        max_length=16,
                    ),
                ),
                ("occurred_at", models.DateTimeField(blank=True, null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "cause_kind",
                    models.CharField(
                        help_text="submission, score, disposition, outcome, undo …",
                        max_length=32,
                    ),
                ),
                ("cause_id", models.CharField(blank=True, max_length=64)),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lifecycle_events",
                        to="leads.lead",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PendingSubmission",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="pending",
                        serialize=False,
                        to="leads.submission",
                    ),
                ),
                ("error", models.TextField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("retry_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name="SubmissionBody",
            fields=[
                (
                    "submission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="body",
                        serialize=False,
                        to="leads.submission",
                    ),
                ),
                ("payload", models.JSONField(null=True)),
                ("raw", models.TextField(blank=True)),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "email",
                    revops.foundation.models.fields.CaseInsensitiveTextField(blank=True, null=True),
                ),
                (
                    "phone",
                    models.CharField(blank=True, help_text="E.164.", max_length=20, null=True),
                ),
                ("first_name", models.CharField(blank=True, max_length=200)),
                ("last_name", models.CharField(blank=True, max_length=200)),
                ("title", models.CharField(blank=True, max_length=300)),
                (
                    "seniority",
                    models.CharField(
                        blank=True,
                        help_text="Read from the title; empty if unknown.",
                        max_length=16,
                    ),
                ),
                (
                    "function",
                    models.CharField(
                        blank=True,
                        help_text="Read from the title; empty if unknown.",
                        max_length=16,
                    ),
                ),
                (
                    "purchasing_role",
                    models.CharField(
                        blank=True,
                        help_text="Their part in the decision, as stated.",
                        max_length=32,
                    ),
                ),
                ("country", models.CharField(blank=True, max_length=2)),
                ("city", models.CharField(blank=True, max_length=120)),
                (
                    "flags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        blank=True,
                        default=list,
                        help_text="Hygiene flags.",
                        size=None,
                    ),
                ),
                ("do_not_contact", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                ("erased_at", models.DateTimeField(blank=True, null=True)),
                (
                    "account",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="people",
                        to="leads.account",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="lead",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="leads",
                to="leads.person",
            ),
        ),
        migrations.CreateModel(
            name="PersonIdentity",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "system",
                    models.CharField(help_text="Key of the source that gave the id.", max_length=64),
                ),
                ("value", models.CharField(max_length=200)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identities",
                        to="leads.person",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="submission",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                to="leads.source",
            ),
        ),
        migrations.CreateModel(
            name="Signal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("topic", models.CharField(blank=True, max_length=64)),
                (
                    "quantity",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="How often, when a source only sends a total.",
                    ),
                ),
                (
                    "value",
                    models.IntegerField(
                        blank=True,
                        help_text="Seconds, percent: whatever the kind measures.",
                        null=True,
                    ),
                ),
                ("url", models.CharField(blank=True, max_length=500)),
                ("occurred_at", models.DateTimeField(blank=True, null=True)),
                ("received_at", models.DateTimeField()),
                (
                    "event_id",
                    models.CharField(
                        blank=True,
                        help_text="The sender's id; repeated ids are ignored.",
                        max_length=120,
                    ),
                ),
                ("submission_id", models.UUIDField(blank=True, null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signals",
                        to="leads.lead",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="signals",
                        to="leads.person",
                    ),
                ),
                (
                    "kind",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="leads.signalkind",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="leads.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LeadForm",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("slug", models.SlugField(max_length=64, unique=True)),
                ("title", models.CharField(max_length=200)),
                ("intro", models.TextField(blank=True)),
                ("topic", models.CharField(blank=True, max_length=64)),
                (
                    "fields",
                    models.JSONField(help_text="Ordered field names, each with whether it is required."),
                ),
                ("consent_text", models.TextField(blank=True)),
                ("thanks", models.TextField(blank=True, default="")),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
                (
                    "signal_kind",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forms",
                        to="leads.signalkind",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="forms",
                        to="leads.source",
                    ),
                ),
            ],
            options={
                "ordering": ["title"],
            },
        ),
        migrations.AddField(
            model_name="lead",
            name="source",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="leads",
                to="leads.source",
            ),
        ),
        migrations.AddField(
            model_name="campaign",
            name="source",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="campaigns",
                to="leads.source",
            ),
        ),
        migrations.CreateModel(
            name="Spend",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month_on", models.DateField(help_text="First day of the month.")),
                ("amount", models.DecimalField(decimal_places=2, max_digits=14)),
                ("currency", models.CharField(default="EUR", max_length=3)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="spend",
                        to="leads.source",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SubmissionOutcome",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new", "New lead"),
                            ("attached", "Attached to a lead"),
                            ("quarantined", "Quarantined"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "replaces",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("new", "New lead"),
                            ("attached", "Attached to a lead"),
                            ("quarantined", "Quarantined"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=16,
                    ),
                ),
                ("decided_at", models.DateTimeField()),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        help_text="Hygiene rule that decided, if one did.",
                        max_length=64,
                    ),
                ),
                (
                    "detail",
                    models.CharField(
                        blank=True,
                        help_text="Why, in words for the sender.",
                        max_length=500,
                    ),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="submission_outcomes",
                        to="leads.lead",
                    ),
                ),
                (
                    "submission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outcomes",
                        to="leads.submission",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="account",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["normalised_name"],
                name="account_name_trigrams",
                opclasses=["gin_trgm_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="account",
            index=models.Index(fields=["normalised_name"], name="account_name"),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.UniqueConstraint(
                condition=models.Q(("domain__isnull", False)),
                fields=("domain",),
                name="a_domain_belongs_to_one_account",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(fields=["lead", "occurred_at"], name="attempt_lead_time"),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event_id", ""), _negated=True),
                fields=("lead", "event_id"),
                name="an_attempt_is_sent_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("occurred_at__lte", models.F("recorded_at"))),
                name="an_attempt_is_not_in_the_future",
            ),
        ),
        migrations.AddIndex(
            model_name="lifecycleevent",
            index=models.Index(fields=["to_stage", "occurred_at"], name="lifecycle_stage_time"),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                condition=models.Q(("phone__isnull", False)),
                fields=["phone"],
                name="person_phone",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.UniqueConstraint(
                condition=models.Q(("email__isnull", False)),
                fields=("email",),
                name="an_email_belongs_to_one_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="personidentity",
            constraint=models.UniqueConstraint(fields=("system", "value"), name="an_external_id_names_one_person"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(fields=["received_at", "source"], name="submission_received"),
        ),
        migrations.AddIndex(
            model_name="submission",
            index=models.Index(
                condition=models.Q(("job_id__isnull", False)),
                fields=["job_id", "line"],
                name="submission_job",
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=models.UniqueConstraint(
                condition=models.Q(("dedupe_key__isnull", False)),
                fields=("source", "dedupe_key"),
                name="a_source_sends_a_thing_once",
            ),
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["person", "-occurred_at"], name="signal_person_time"),
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["lead", "-occurred_at"], name="signal_lead_time"),
        ),
        migrations.AddConstraint(
            model_name="signal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event_id", ""), _negated=True),
                fields=("source", "event_id"),
                name="a_source_sends_an_event_once",
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["-received_at", "-id"], name="lead_newest"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["source", "-received_at"], name="lead_source"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["stage", "-received_at"], name="lead_stage"),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("stage__in", ["won", "lost"]), _negated=True),
                    ("withdrawn_at__isnull", True),
                ),
                fields=("person",),
                name="a_person_has_one_open_lead",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "stage__in",
                        [
                            "new",
                            "nurture",
                            "handed_off",
                            "accepted",
                            "opportunity",
                            "won",
                            "lost",
                            "rejected",
                        ],
                    )
                ),
                name="a_lead_stands_on_a_known_stage",
            ),
        ),
        migrations.AddConstraint(
            model_name="campaign",
            constraint=models.UniqueConstraint(fields=("source", "key"), name="a_source_names_a_campaign_once"),
        ),
        migrations.AddConstraint(
            model_name="spend",
            constraint=models.UniqueConstraint(
                fields=("source", "month_on", "currency"),
                name="spend_is_stated_once_a_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="spend",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="spend_is_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="submissionoutcome",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces", "")),
                fields=("submission",),
                name="a_submission_has_one_first_outcome",
            ),
        ),
        migrations.AddConstraint(
            model_name="submissionoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["new", "attached"]), _negated=True),
                    ("lead__isnull", False),
                    _connector="OR",
                ),
                name="an_admitted_submission_names_its_lead",
            ),
        ),
        migrations.AddConstraint(
            model_name="submissionoutcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["quarantined", "refused"]), _negated=True),
                    models.Q(("detail", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_stopped_submission_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="submissionoutcome",
            index=models.Index(fields=["kind", "-id"], name="submission_outcome_kind"),
        ),
        AppendOnly("leads_submission"),
        AppendOnly("leads_submissionoutcome"),
        AppendOnly("leads_lifecycleevent"),
        AppendOnly("leads_signal"),
        AppendOnly("leads_attempt"),
    ]
