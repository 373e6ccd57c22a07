"""The signal kinds and hygiene rules that ship with the product."""

from django.db import migrations

from leads.signal_kinds import STARTER_KINDS
from leads.starter_rules import STARTER_HYGIENE


def add_starters(apps, schema_editor):
    kinds = apps.get_model("leads", "SignalKind").objects
    kinds.bulk_create([kinds.model(**kind._asdict()) for kind in STARTER_KINDS], ignore_conflicts=True)
    rules = apps.get_model("leads", "HygieneRule").objects
    rules.bulk_create(
        [
            rules.model(
                code=code,
                sentence=sentence,
                action=action,
                terms=terms,
                position=position * 10,
            )
            for position, (code, sentence, action, terms) in enumerate(STARTER_HYGIENE, start=1)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]

    operations = [migrations.RunPython(add_starters, migrations.RunPython.noop)]
