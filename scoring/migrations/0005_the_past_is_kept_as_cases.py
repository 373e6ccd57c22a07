"""The past as backtests and rescoring read it, drafts that run in the shadow, and nightly proofs."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids
from revops.foundation.append_only import AppendOnly

UNCOMPRESSED = "ALTER TABLE scoring_casecolumn ALTER COLUMN data SET STORAGE EXTERNAL"
COMPRESSED = "ALTER TABLE scoring_casecolumn ALTER COLUMN data SET STORAGE EXTENDED"


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0004_the_database_knows_who_may_sign"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseChunk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_past", models.BooleanField()),
                ("n", models.PositiveIntegerField()),
                ("version", models.UUIDField(default=revops.foundation.ids.new_id)),
                ("labels_version", models.UUIDField(default=revops.foundation.ids.new_id)),
                (
                    "dead",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), default=list, size=None
                    ),
                ),
                ("since", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="CaseMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("lead_id", models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name="ReplayProof",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("proved_at", models.DateTimeField()),
                ("checked", models.PositiveIntegerField()),
                ("differences", models.PositiveIntegerField()),
                ("examples", models.JSONField(default=list)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ShadowRun",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("content_hash", models.CharField(max_length=64)),
                ("definition", models.JSONField()),
                ("started_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "end",
                    models.CharField(
                        blank=True, choices=[("promoted", "Promoted"), ("dropped", "Dropped")], max_length=12
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("last_decision_id", models.BigIntegerField(default=0)),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rulebook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shadow_runs", to="scoring.rulebook"
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
            },
        ),
        migrations.CreateModel(
            name="ShadowDecision",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("decided_at", models.DateTimeField()),
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
                    "shadow_tier",
                    models.SmallIntegerField(
                        choices=[
                            (1, "Tier 1: sales-ready"),
                            (2, "Tier 2: fast-track nurture"),
                            (3, "Tier 3: marketing's"),
                        ]
                    ),
                ),
                ("points", models.IntegerField(help_text="Twice intent plus fit plus timing, as it was.")),
                ("shadow_points", models.IntegerField()),
                (
                    "decision",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="scoring.scoredecision",
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="leads.lead"
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="scoring.shadowrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.SmallIntegerField(choices=[(1, "Hand-off"), (2, "History"), (3, "Lead as it stands")])),
                ("handoff_id", models.UUIDField(blank=True, null=True)),
                (
                    "at",
                    models.DateTimeField(blank=True, help_text="When it was handed off; empty if undated.", null=True),
                ),
                ("source_id", models.UUIDField()),
                ("rep_id", models.UUIDField(blank=True, null=True)),
                (
                    "answer",
                    models.SmallIntegerField(
                        choices=[(0, "No answer"), (1, "Accepted"), (2, "Rejected"), (3, "Returned to nurture")],
                        default=0,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=48)),
                ("was_met", models.BooleanField(default=False)),
                ("has_opportunity", models.BooleanField(default=False)),
                ("result", models.SmallIntegerField(choices=[(0, "Open"), (1, "Won"), (2, "Lost")], default=0)),
                ("pipeline", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("revenue", models.DecimalField(decimal_places=2, default=0, max_digits=14)),
                ("was_shown", models.BooleanField(default=False, help_text="Sales saw the lead at least once.")),
                ("waits", models.BooleanField(default=True)),
                ("is_relabelled", models.BooleanField(default=False)),
                (
                    "is_narrow",
                    models.BooleanField(default=False, help_text="Only what the rulebook of then asked is known."),
                ),
                ("place", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "decision",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
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
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="leads.lead",
                    ),
                ),
                (
                    "chunk",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="scoring.casechunk",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["lead"], name="case_lead"),
                    models.Index(condition=models.Q(("waits", True)), fields=["id"], name="case_waits"),
                    models.Index(condition=models.Q(("is_relabelled", True)), fields=["id"], name="case_relabelled"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("handoff_id",), name="a_handoff_is_one_case"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", 2)), fields=("lead",), name="a_lead_of_history_is_one_case"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", 3)), fields=("lead",), name="a_lead_stands_in_one_place"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", [1, 2, 3])), name="a_case_is_of_a_known_kind"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", 1), ("handoff_id__isnull", False)),
                            models.Q(models.Q(("kind", 1), _negated=True), ("handoff_id__isnull", True)),
                            _connector="OR",
                        ),
                        name="a_case_of_a_handoff_names_it",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("chunk__isnull", True), ("place__isnull", True)),
                            models.Q(("chunk__isnull", False), ("place__isnull", False)),
                            _connector="OR",
                        ),
                        name="a_packed_case_has_a_place",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseColumn",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("is_sample", models.BooleanField(default=False)),
                ("name", models.CharField(max_length=80)),
                ("data", models.BinaryField()),
                (
                    "chunk",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="columns",
                        to="scoring.casechunk",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("chunk", "is_sample", "name"), name="a_chunk_has_a_column_once")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="shadowrun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("rulebook",), name="a_draft_runs_in_one_shadow"
            ),
        ),
        migrations.AddConstraint(
            model_name="shadowrun",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("started_at"))), name="a_shadow_run_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="shadowrun",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("end", "")),
                    models.Q(("ended_at__isnull", False), models.Q(("end", ""), _negated=True)),
                    _connector="OR",
                ),
                name="an_ended_shadow_run_says_how",
            ),
        ),
        migrations.AddConstraint(
            model_name="shadowdecision",
            constraint=models.UniqueConstraint(fields=("run", "decision"), name="a_shadow_judges_a_decision_once"),
        ),
        migrations.AddConstraint(
            model_name="shadowdecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("shadow_tier__in", [1, 2, 3])), name="a_shadow_has_a_known_tier"
            ),
        ),
        AppendOnly("scoring_shadowdecision"),
        AppendOnly("scoring_replayproof"),
        # Columns are narrow already and are read whole: unpacking them would cost more than reading them.
        migrations.RunSQL(UNCOMPRESSED, COMPRESSED),
    ]
