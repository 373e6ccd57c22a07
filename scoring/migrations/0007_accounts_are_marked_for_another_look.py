"""Where a rule asks about colleagues, their acts mark the account, and the sweep looks at its other leads again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scoring", "0006_decisions_know_the_evaluation_stage")]

    operations = [
        migrations.CreateModel(
            name="AccountMark",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("account_id", models.UUIDField()),
            ],
        ),
    ]
