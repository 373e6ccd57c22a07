"""Personal text can be taken out of the audit ledger when a person is erased; nothing else of an entry can change."""

from django.db import migrations

from revops.foundation.append_only import ErasableText


class Migration(migrations.Migration):
    dependencies = [("foundation", "0004_notices_of_a_new_lead")]

    operations = [ErasableText("foundation_ledgerentry", ["cause", "before", "after"])]
