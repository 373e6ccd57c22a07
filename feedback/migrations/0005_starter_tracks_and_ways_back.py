"""The nurture tracks that ship with the product; reasons say apart how a lead comes back and what happens to it.

Texts that somebody changed are left alone.
"""

from django.db import migrations

from feedback.starter_reasons import REASONS, TRACKS
from revops.foundation.append_only import AppendOnly

_PREFIXES = ("Back to nurture; ", "Closed; ")
_EARLIER = {
    "timeline_over_12_months": "Nurture until 90 days before the date",
    "later_this_year": "Nurture until 14 days before the date",
    "chose_competitor": "Nurture for twelve months",
    "no_response": "30 days of nurture by marketing",
}


def _earlier_texts(code, consequence):
    lower = f"{consequence[:1].lower()}{consequence[1:]}"
    return [consequence, *(f"{prefix}{lower}" for prefix in _PREFIXES), _EARLIER.get(code, consequence)]


def add_tracks_and_ways_back(apps, schema_editor):
    tracks = apps.get_model("feedback", "NurtureTrack").objects
    tracks.bulk_create([tracks.model(**track._asdict()) for track in TRACKS], ignore_conflicts=True)
    codes = apps.get_model("feedback", "ReasonCode").objects
    for reason in REASONS:
        codes.filter(code=reason.code, consequence__in=_earlier_texts(reason.code, reason.consequence)).update(
            consequence=reason.consequence, wakes_after_days=reason.wakes_after_days
        )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_a_second_look_tracks_talk_tracks_and_corrections")]

    operations = [
        AppendOnly("feedback_gapanswer"),
        migrations.RunPython(add_tracks_and_ways_back, migrations.RunPython.noop),
    ]
