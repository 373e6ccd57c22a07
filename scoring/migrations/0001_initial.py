"""Rulebooks, decisions and current scores."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [("leads", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Rulebook",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("review", "In review"),
                            ("live", "Live"),
                            ("superseded", "Superseded"),
                            ("reverted", "Reverted"),
                        ],
                        default="draft",
                        max_length=12,
                    ),
                ),
                ("definition", models.JSONField()),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "summary",
                    models.CharField(help_text="What changes against the version before, and why.", max_length=500),
                ),
                ("created_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("superseded_at", models.DateTimeField(blank=True, null=True)),
                ("review_by_on", models.DateField(blank=True, null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rulebooks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "based_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="scoring.rulebook",
                    ),
                ),
            ],
            options={"ordering": ["-version"]},
        ),
        migrations.CreateModel(
            name="RulebookChange",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("drafted", "Drafted"),
                            ("edited", "Edited"),
                            ("signed", "Signed"),
                            ("published", "Published"),
                            ("reverted", "Reverted"),
                        ],
                        max_length=12,
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "is_emergency",
                    models.BooleanField(default=False, help_text="Published or reverted outside the change budget."),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rulebook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="scoring.rulebook"
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="RulebookSignature",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("side", models.CharField(choices=[("sales", "Sales"), ("marketing", "Marketing")], max_length=12)),
                ("signed_at", models.DateTimeField()),
                ("content_hash", models.CharField(max_length=64)),
                (
                    "rulebook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signatures", to="scoring.rulebook"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rulebook_signatures",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["signed_at", "id"]},
        ),
        migrations.CreateModel(
            name="ScoreDecision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("decided_at", models.DateTimeField()),
                ("as_of", models.DateTimeField(help_text="The instant whose facts were judged.")),
                ("cause_kind", models.CharField(help_text="submission, signal, sweep, rulebook …", max_length=32)),
                ("cause_id", models.CharField(blank=True, max_length=64)),
                ("fit", models.IntegerField()),
                ("intent", models.IntegerField()),
                ("timing", models.IntegerField()),
                (
                    "tier",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Tier 1: sales-ready"),
                            (2, "Tier 2: fast-track nurture"),
                            (3, "Tier 3: marketing's"),
                        ]
                    ),
                ),
                (
                    "disqualified_by",
                    models.CharField(blank=True, help_text="Key of the disqualifier that hit.", max_length=64),
                ),
                (
                    "contributions",
                    django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None),
                ),
                ("inputs", models.JSONField()),
                ("formula_version", models.SmallIntegerField()),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="score_decisions",
                        to="leads.lead",
                    ),
                ),
                (
                    "rulebook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="scoring.rulebook"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LeadScore",
            fields=[
                (
                    "lead",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="score",
                        serialize=False,
                        to="leads.lead",
                    ),
                ),
                ("fit", models.IntegerField()),
                ("intent", models.IntegerField()),
                ("timing", models.IntegerField()),
                (
                    "tier",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Tier 1: sales-ready"),
                            (2, "Tier 2: fast-track nurture"),
                            (3, "Tier 3: marketing's"),
                        ]
                    ),
                ),
                (
                    "priority",
                    models.IntegerField(help_text="Twice intent plus fit plus timing; orders leads within a tier."),
                ),
                ("decided_at", models.DateTimeField()),
                (
                    "reevaluate_at",
                    models.DateTimeField(
                        blank=True, help_text="When time alone may next change a point; empty if never.", null=True
                    ),
                ),
                (
                    "rulebook",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.rulebook",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.scoredecision",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="TierOverride",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "tier",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Tier 1: sales-ready"),
                            (2, "Tier 2: fast-track nurture"),
                            (3, "Tier 3: marketing's"),
                        ]
                    ),
                ),
                ("reason", models.CharField(max_length=500)),
                ("created_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, help_text="Ended before it expired.", null=True)),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tier_overrides",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tier_overrides", to="leads.lead"
                    ),
                ),
            ],
            options={"ordering": ["-created_at"]},
        ),
        migrations.AddConstraint(
            model_name="rulebook",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "live")), fields=("state",), name="one_rulebook_is_live"
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebook",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "review", "live", "superseded", "reverted"])),
                name="a_rulebook_is_in_a_known_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("state__in", ["draft", "review"])),
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
                    models.Q(("state", "live"), _negated=True), ("superseded_at__isnull", True), _connector="OR"
                ),
                name="a_live_rulebook_is_not_superseded",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebookchange",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_emergency", False), models.Q(("reason", ""), _negated=True), _connector="OR"),
                name="an_emergency_states_its_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebooksignature",
            constraint=models.UniqueConstraint(
                fields=("rulebook", "side", "content_hash"), name="each_side_signs_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="rulebooksignature",
            constraint=models.UniqueConstraint(fields=("rulebook", "user", "content_hash"), name="two_people_sign"),
        ),
        migrations.AddConstraint(
            model_name="rulebooksignature",
            constraint=models.CheckConstraint(
                condition=models.Q(("side__in", ["sales", "marketing"])), name="a_signature_is_of_a_known_side"
            ),
        ),
        migrations.AddIndex(
            model_name="scoredecision", index=models.Index(fields=["lead", "-id"], name="score_decision_lead")
        ),
        migrations.AddConstraint(
            model_name="scoredecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__in", [1, 2, 3])), name="a_decision_has_a_known_tier"
            ),
        ),
        migrations.AddConstraint(
            model_name="scoredecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("disqualified_by", ""), ("tier", 3), _connector="OR"),
                name="a_disqualified_lead_is_marketings",
            ),
        ),
        migrations.AddIndex(
            model_name="leadscore",
            index=models.Index(
                condition=models.Q(("reevaluate_at__isnull", False)),
                fields=["reevaluate_at"],
                name="score_reevaluation",
            ),
        ),
        migrations.AddIndex(
            model_name="leadscore", index=models.Index(fields=["tier", "-priority"], name="score_tier_priority")
        ),
        migrations.AddConstraint(
            model_name="leadscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__in", [1, 2, 3])), name="a_score_has_a_known_tier"
            ),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.CheckConstraint(
                condition=models.Q(("tier__in", [1, 2, 3])), name="an_override_names_a_known_tier"
            ),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="an_override_states_its_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="tieroverride",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("created_at"))), name="an_override_expires"
            ),
        ),
    ]
