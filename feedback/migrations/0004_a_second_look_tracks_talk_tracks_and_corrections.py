"""Second looks, nurture tracks, talk tracks, answers to criteria gaps, and outcomes that are corrected."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0003_starter_reasons"),
        ("leads", "0003_imports"),
        ("sla", "0003_escalation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GapAnswer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("rule", "A rule change is proposed"),
                            ("reason", "It became a reason of its own"),
                            ("known", "Our criteria cover it already"),
                            ("declined", "It stays outside our criteria"),
                        ],
                        max_length=16,
                    ),
                ),
                ("words", models.CharField(help_text="Shown to whoever rejected the lead.", max_length=300)),
                ("answered_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="NurtureTrack",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("code", models.SlugField(max_length=48, unique=True)),
                ("name", models.CharField(max_length=80)),
                ("description", models.CharField(help_text="Whom it is for, shown beside its key.", max_length=160)),
                ("digit", models.PositiveSmallIntegerField(help_text="Its key, 1 to 9.")),
                ("is_default", models.BooleanField(default=False)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["digit", "code"],
            },
        ),
        migrations.CreateModel(
            name="TalkTrack",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="Name")),
                (
                    "industry",
                    models.CharField(
                        blank=True, help_text="Empty: any industry.", max_length=120, verbose_name="Industry"
                    ),
                ),
                (
                    "seniority",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("c_level", "c-level"),
                            ("vp", "vp"),
                            ("director", "director"),
                            ("head", "head"),
                            ("manager", "manager"),
                            ("staff", "staff"),
                            ("student", "student"),
                        ],
                        max_length=16,
                        verbose_name="Seniority",
                    ),
                ),
                (
                    "function",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("sales", "sales"),
                            ("marketing", "marketing"),
                            ("revops", "revops"),
                            ("it", "it"),
                            ("finance", "finance"),
                            ("operations", "operations"),
                            ("hr", "hr"),
                            ("product", "product"),
                            ("general", "general"),
                        ],
                        max_length=16,
                        verbose_name="Function",
                    ),
                ),
                (
                    "topic",
                    models.CharField(
                        blank=True, help_text="As signals name it, like pricing.", max_length=64, verbose_name="Topic"
                    ),
                ),
                (
                    "opener",
                    models.CharField(
                        help_text="Follows the sentence about what they did. Say it aloud once.",
                        max_length=300,
                        verbose_name="Opening line",
                    ),
                ),
                ("first_question", models.CharField(max_length=200, verbose_name="First question")),
                ("second_question", models.CharField(max_length=200, verbose_name="Second question")),
                ("objection", models.CharField(max_length=300, verbose_name="Likely objection, and the answer")),
                ("expires_on", models.DateField(verbose_name="Holds until")),
                ("is_active", models.BooleanField(default=True, verbose_name="In use")),
                ("told_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("version", models.PositiveIntegerField(default=1, editable=False)),
            ],
            options={
                "ordering": ["name", "pk"],
            },
        ),
        migrations.CreateModel(
            name="TalkTrackVote",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("is_useful", models.BooleanField()),
                ("voted_at", models.DateTimeField()),
            ],
        ),
        migrations.AlterModelOptions(
            name="reasoncode",
            options={"ordering": ["family__digit", "digit", "code"]},
        ),
        migrations.RemoveConstraint(
            model_name="disposition",
            name="a_rejection_has_a_reason_and_its_evidence",
        ),
        migrations.RemoveConstraint(
            model_name="reasoncode",
            name="a_digit_picks_one_reason_of_a_family",
        ),
        migrations.AddField(
            model_name="disposition",
            name="second_look",
            field=models.CharField(
                blank=True, help_text="What the second look found, where one was asked for.", max_length=300
            ),
        ),
        migrations.AddField(
            model_name="disposition",
            name="wakes_on",
            field=models.DateField(blank=True, help_text="Not now: looked at again on this day.", null=True),
        ),
        migrations.AddField(
            model_name="outcome",
            name="corrects",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrected_by",
                to="feedback.outcome",
            ),
        ),
        migrations.AddField(
            model_name="reasoncode",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="reasoncode",
            name="wakes_after_days",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Recycle: wake this many days after the rejection.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="outcome",
            name="kind",
            field=models.CharField(
                choices=[
                    ("meeting", "Meeting"),
                    ("opportunity", "Opportunity"),
                    ("won", "Won"),
                    ("lost", "Lost"),
                    ("churned", "Churned"),
                    ("lifetime_value", "Lifetime value"),
                    ("withdrawn", "Withdrawn"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="reasoncode",
            name="is_active",
            field=models.BooleanField(default=True, help_text="A retired reason stays readable where it was given."),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "withdrawn"), _negated=True), ("corrects__isnull", False), _connector="OR"
                ),
                name="a_withdrawal_names_what_it_takes_back",
            ),
        ),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "lifetime_value"), _negated=True), ("amount__isnull", False), _connector="OR"
                ),
                name="a_lifetime_value_is_an_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="reasoncode",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("family", "digit"),
                name="a_digit_picks_one_reason_of_a_family",
            ),
        ),
        migrations.AddConstraint(
            model_name="reasoncode",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("wakes_days_before__isnull", True), ("wakes_after_days__isnull", True), _connector="OR"
                ),
                name="a_reason_wakes_by_one_rule",
            ),
        ),
        migrations.AddConstraint(
            model_name="reasoncode",
            constraint=models.CheckConstraint(
                condition=models.Q(("wakes_days_before__isnull", True), ("evidence_kind", "date"), _connector="OR"),
                name="only_a_date_can_be_woken_before",
            ),
        ),
        migrations.AddField(
            model_name="gapanswer",
            name="answered_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="gapanswer",
            name="disposition",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="gap_answer", to="feedback.disposition"
            ),
        ),
        migrations.AddConstraint(
            model_name="nurturetrack",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)), fields=("digit",), name="a_digit_picks_one_track_in_use"
            ),
        ),
        migrations.AddConstraint(
            model_name="nurturetrack",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)), fields=("is_default",), name="one_track_is_the_usual_one"
            ),
        ),
        migrations.AddConstraint(
            model_name="nurturetrack",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_default", False), ("is_active", True), _connector="OR"),
                name="the_usual_track_is_in_use",
            ),
        ),
        migrations.AddConstraint(
            model_name="nurturetrack",
            constraint=models.CheckConstraint(
                condition=models.Q(("digit__gte", 1), ("digit__lte", 9)), name="the_key_of_a_track_is_a_digit"
            ),
        ),
        migrations.AddField(
            model_name="disposition",
            name="track",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to="feedback.nurturetrack"
            ),
        ),
        migrations.AddConstraint(
            model_name="disposition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "rejected"), _negated=True),
                    models.Q(("reason__isnull", False), ("evidence__regex", "\\S")),
                    _connector="OR",
                ),
                name="a_rejection_has_a_reason_and_its_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="disposition",
            constraint=models.CheckConstraint(
                condition=models.Q(("track__isnull", True), ("kind", "returned"), _connector="OR"),
                name="only_a_return_names_a_track",
            ),
        ),
        migrations.AddField(
            model_name="talktrack",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="talk_tracks",
                to=settings.AUTH_USER_MODEL,
                verbose_name="Owner",
            ),
        ),
        migrations.AddField(
            model_name="talktrackvote",
            name="lead",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="leads.lead"),
        ),
        migrations.AddField(
            model_name="talktrackvote",
            name="track",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="votes",
                to="feedback.talktrack",
            ),
        ),
        migrations.AddField(
            model_name="talktrackvote",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="gapanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("words", ""), _negated=True), name="a_gap_is_answered_in_words"
            ),
        ),
        migrations.AddConstraint(
            model_name="talktrack",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_active", True)),
                fields=("industry", "seniority", "function", "topic"),
                name="a_segment_and_topic_have_one_talk_track",
            ),
        ),
        migrations.AddConstraint(
            model_name="talktrackvote",
            constraint=models.UniqueConstraint(
                fields=("track", "user", "lead"), name="a_rep_votes_once_on_a_talk_track_and_lead"
            ),
        ),
        migrations.RemoveConstraint(model_name="outcome", name="an_outcome_is_sent_once"),
        migrations.AddConstraint(
            model_name="outcome",
            constraint=models.UniqueConstraint(
                condition=models.Q(models.Q(("external_id", ""), _negated=True), ("corrects__isnull", True)),
                fields=("lead", "kind", "external_id"),
                name="an_outcome_is_sent_once",
            ),
        ),
    ]
