"""The hygiene rule for addresses at domains that cannot exist, for portals that were set up before it shipped."""

from django.db import migrations

from leads.starter_rules import STARTER_HYGIENE


def add_rule(apps, schema_editor):
    rules = apps.get_model("leads", "HygieneRule").objects
    ((code, sentence, action, terms),) = [rule for rule in STARTER_HYGIENE if rule[0] == "unknown_domain"]
    rules.bulk_create(
        [rules.model(code=code, sentence=sentence, action=action, terms=terms, position=25)], ignore_conflicts=True
    )


class Migration(migrations.Migration):
    dependencies = [("leads", "0017_accepted_leads_are_found_by_their_owner")]

    operations = [migrations.RunPython(add_rule, migrations.RunPython.noop)]
