"""An API key may have its own number of requests a minute."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_the_ground")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="requests_per_minute",
            field=models.PositiveIntegerField(help_text="Empty: as everybody", null=True),
        ),
    ]
