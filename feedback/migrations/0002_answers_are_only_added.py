"""Answers and outcomes are append-only; a lead rejected by sales comes back only with a cause."""

from django.db import migrations

from revops.foundation.append_only import AppendOnly

NO_SILENT_RETURN = """
CREATE FUNCTION refuse_silent_return() RETURNS trigger LANGUAGE plpgsql AS $refuse$
BEGIN
    IF NEW.from_stage = 'rejected' AND NEW.to_stage = 'handed_off' AND NEW.cause_id = '' THEN
        RAISE EXCEPTION 'A rejected lead returns to sales only with a cause.'
            USING ERRCODE = 'restrict_violation', HINT = 'Name the new act or the changed rule as cause.';
    END IF;
    RETURN NEW;
END
$refuse$;
CREATE TRIGGER a_rejected_lead_returns_with_a_cause BEFORE INSERT ON leads_lifecycleevent
    FOR EACH ROW WHEN (NEW.from_stage = 'rejected' AND NEW.to_stage = 'handed_off')
    EXECUTE FUNCTION refuse_silent_return();
"""
ALLOW_SILENT_RETURN = """
DROP TRIGGER a_rejected_lead_returns_with_a_cause ON leads_lifecycleevent;
DROP FUNCTION refuse_silent_return();
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("leads", "0001_initial")]

    operations = [
        AppendOnly("feedback_disposition"),
        AppendOnly("feedback_outcome"),
        migrations.RunSQL(NO_SILENT_RETURN, ALLOW_SILENT_RETURN),
    ]
