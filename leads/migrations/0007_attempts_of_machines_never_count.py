"""Attempts that a machine made are told apart: they never meet a promise."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0006_rows_in_quarantine_are_listed"),
    ]

    operations = [
        migrations.AddField(
            model_name="attempt",
            name="is_automatic",
            field=models.BooleanField(
                default=False, help_text="A bot, a sequence or an auto-reply: kept, and never counted."
            ),
        ),
    ]
