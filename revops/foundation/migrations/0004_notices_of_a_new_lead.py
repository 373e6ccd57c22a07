"""When somebody was told of a new lead is found by the lead."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0003_notices_in_three_channels"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                condition=models.Q(("kind", "lead.assigned")),
                fields=["subject_id", "created_at"],
                name="notices_of_a_new_lead",
            ),
        ),
    ]
