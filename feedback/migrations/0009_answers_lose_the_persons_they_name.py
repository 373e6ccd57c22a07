"""Personal text can be taken out of answers, outcomes and contests when a person is erased; what was decided stays."""

from django.db import migrations

from revops.foundation.append_only import ErasableText


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0008_outcomes_name_their_import"),
        ("foundation", "0005_entries_lose_the_persons_they_name"),
    ]

    operations = [
        ErasableText("feedback_disposition", ["evidence", "note", "second_look"]),
        ErasableText("feedback_outcome", ["reason", "attributes", "external_id"]),
        ErasableText("feedback_contest", ["words"]),
        ErasableText("feedback_contestverdict", ["words"]),
        ErasableText("feedback_gapanswer", ["words"]),
        ErasableText("feedback_performancereport", ["note"]),
    ]
