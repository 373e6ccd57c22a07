"""Each comparison looks keys up a thousand times: a pending list would be read each time."""

import django.contrib.postgres.indexes
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0014_touches_of_the_past"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="accountsearch", name="account_search_keys"),
        migrations.RemoveIndex(model_name="personsearch", name="person_search_keys"),
        migrations.AddIndex(
            model_name="accountsearch",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["keys"], name="account_search_keys"
            ),
        ),
        migrations.AddIndex(
            model_name="personsearch",
            index=django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["keys"], name="person_search_keys"
            ),
        ),
    ]
