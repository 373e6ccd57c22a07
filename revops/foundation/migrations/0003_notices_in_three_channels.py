"""How people want to be told, chat channels, and lines that wait for a digest."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0002_limit_of_an_api_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChatEndpoint",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("sealed_url", models.TextField()),
                ("host", models.CharField(max_length=253)),
                ("created_at", models.DateTimeField()),
                ("disabled_at", models.DateTimeField(blank=True, null=True)),
                ("disabled_because", models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="DigestLine",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("in_app", "In the portal"), ("email", "E-mail"), ("chat", "Chat")], max_length=10
                    ),
                ),
                ("kind", models.CharField(max_length=64)),
                ("subject_kind", models.CharField(max_length=40)),
                ("subject_id", models.UUIDField(null=True)),
                ("text", models.TextField()),
                ("url", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="NoticePreference",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="notice_preference",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "keeps_quiet",
                    models.BooleanField(
                        default=True,
                        help_text="E-mail and chat wait until your working hours begin, and come as one digest.",
                        verbose_name="Quiet outside my working hours",
                    ),
                ),
                (
                    "most_an_hour",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="The rest comes with the next hourly digest.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="At most so many at once per hour and channel",
                    ),
                ),
                (
                    "digest_hour",
                    models.PositiveSmallIntegerField(
                        default=8,
                        help_text="In your time zone.",
                        validators=[django.core.validators.MaxValueValidator(23)],
                        verbose_name="Hour of the daily digest",
                    ),
                ),
                ("wants_digest_mail", models.BooleanField(default=True, verbose_name="Digests by e-mail")),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="NoticeSetting",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=64)),
                (
                    "channel",
                    models.CharField(
                        choices=[("in_app", "In the portal"), ("email", "E-mail"), ("chat", "Chat")], max_length=10
                    ),
                ),
                (
                    "cadence",
                    models.CharField(
                        choices=[
                            ("instant", "At once"),
                            ("hourly", "Hourly digest"),
                            ("daily", "Daily digest"),
                            ("off", "Off"),
                        ],
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                condition=models.Q(("channel__in", ["email", "chat"])),
                fields=["recipient", "created_at"],
                name="messages_to_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="outboxmessage",
            index=models.Index(
                condition=models.Q(("state", "failed")), fields=["-finished_at"], name="messages_given_up"
            ),
        ),
        migrations.AddField(
            model_name="chatendpoint",
            name="team",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="chat_endpoint",
                to="foundation.team",
            ),
        ),
        migrations.AddField(
            model_name="chatendpoint",
            name="user",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="chat_endpoint",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="digestline",
            name="message",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="lines",
                to="foundation.outboxmessage",
            ),
        ),
        migrations.AddField(
            model_name="digestline",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(("most_an_hour__gte", 1), ("most_an_hour__lte", 200)),
                name="a_person_is_told_at_most_200_an_hour",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticepreference",
            constraint=models.CheckConstraint(
                condition=models.Q(("digest_hour__lte", 23)), name="a_digest_leaves_at_an_hour_of_the_day"
            ),
        ),
        migrations.AddField(
            model_name="noticesetting",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notice_settings",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="chatendpoint",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("team__isnull", False), ("user__isnull", True)),
                    models.Q(("team__isnull", True), ("user__isnull", False)),
                    _connector="OR",
                ),
                name="a_chat_channel_is_of_a_person_or_a_team",
            ),
        ),
        migrations.AddIndex(
            model_name="digestline",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", True)), fields=["due_at"], name="lines_waiting_for_a_digest"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticesetting",
            constraint=models.UniqueConstraint(
                fields=("user", "kind", "channel"), name="a_notice_setting_is_made_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="noticesetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("cadence__in", ["instant", "hourly", "daily", "off"])),
                name="a_notice_has_a_known_cadence",
            ),
        ),
        migrations.AddConstraint(
            model_name="noticesetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ("in_app", "email", "chat"))),
                name="a_person_is_told_on_a_personal_channel",
            ),
        ),
    ]
