"""The hygiene rule for addresses whose mail came back, for portals that were set up before it shipped."""

from django.db import migrations

from leads.starter_rules import STARTER_HYGIENE


def add_rule(apps, schema_editor):
    rules = apps.get_model("leads", "HygieneRule").objects
    (rule,) = [rule for rule in STARTER_HYGIENE if rule[0] == "bounced"]
    code, sentence, action, terms = rule
    rules.bulk_create(
        [rules.model(code=code, sentence=sentence, action=action, terms=terms, position=35)], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_the_gate_remembers_and_lists_wait")]

    operations = [migrations.RunPython(add_rule, migrations.RunPython.noop)]
