"""Indexes on tables that may be large already, built without locking them."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("leads", "0010_accounts_and_people_can_be_merged"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="account",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["updated_at"], name="account_changed", pages_per_range=32
            ),
        ),
        AddIndexConcurrently(
            model_name="account",
            index=models.Index(condition=models.Q(("parent__isnull", False)), fields=["parent"], name="account_parent"),
        ),
        AddIndexConcurrently(
            model_name="account",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="account_aliases"
            ),
        ),
        AddIndexConcurrently(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="lead_merged_into"
            ),
        ),
        AddIndexConcurrently(
            model_name="person",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["updated_at"], name="person_changed", pages_per_range=32
            ),
        ),
        AddIndexConcurrently(
            model_name="person",
            index=models.Index(
                condition=models.Q(("merged_into__isnull", False)), fields=["merged_into"], name="person_merged"
            ),
        ),
    ]
