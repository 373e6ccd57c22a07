"""Each open clock says when the ladder has to look at it again; whatever changes it, or its hand-off, says “now”."""

from django.db import migrations, models
from django.db.models import Q

LOOK_AGAIN = """
CREATE FUNCTION look_again_at_clock() RETURNS trigger LANGUAGE plpgsql AS $look$
BEGIN
    NEW.look_at := NULL;
    RETURN NEW;
END
$look$;
CREATE TRIGGER a_clock_that_changes_is_looked_at_again BEFORE UPDATE ON sla_clock
    FOR EACH ROW WHEN (OLD.look_at IS NOT NULL AND NEW.look_at IS NOT DISTINCT FROM OLD.look_at)
    EXECUTE FUNCTION look_again_at_clock();

CREATE FUNCTION look_again_at_handoff() RETURNS trigger LANGUAGE plpgsql AS $look$
BEGIN
    UPDATE sla_clock SET look_at = NULL
     WHERE handoff_id = NEW.id AND look_at IS NOT NULL AND met_at IS NULL AND cancelled_at IS NULL;
    RETURN NULL;
END
$look$;
CREATE TRIGGER a_handoff_that_changes_hands_is_looked_at_again AFTER UPDATE OF owner_id, state ON sla_handoff
    FOR EACH ROW WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id OR OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION look_again_at_handoff();
"""
LOOK_AGAIN_BACK = """
DROP TRIGGER a_handoff_that_changes_hands_is_looked_at_again ON sla_handoff;
DROP FUNCTION look_again_at_handoff();
DROP TRIGGER a_clock_that_changes_is_looked_at_again ON sla_clock;
DROP FUNCTION look_again_at_clock();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0007_assignments_and_clocks_lose_the_persons_they_name"),
    ]

    operations = [
        migrations.AddField(
            model_name="clock",
            name="look_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the ladder has to look at it again; empty: at the next sweep.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="clock",
            index=models.Index(
                fields=["look_at"],
                condition=Q(met_at__isnull=True, cancelled_at__isnull=True, paused_at__isnull=True),
                name="clock_to_look_at",
            ),
        ),
        migrations.RunSQL(LOOK_AGAIN, LOOK_AGAIN_BACK),
    ]
