"""Personal text can be taken out of assignments, closed clocks, escalations and remarks when a person is erased."""

from django.db import migrations

from revops.foundation.append_only import ErasableText

_GUARD = """
CREATE OR REPLACE FUNCTION guard_clock() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A clock cannot be deleted.'
            USING ERRCODE = 'restrict_violation', HINT = 'Cancel it and say why.';
    END IF;
    {erasing}
    IF OLD.met_at IS NOT NULL OR OLD.cancelled_at IS NOT NULL THEN
        RAISE EXCEPTION 'A closed clock cannot change.'
            USING ERRCODE = 'restrict_violation', HINT = 'Start a new clock that replaces it.';
    END IF;
    IF (OLD.id, OLD.clause_id, OLD.lead_id, OLD.handoff_id, OLD.side, OLD.started_at, OLD.calendar_version_id)
        IS DISTINCT FROM
       (NEW.id, NEW.clause_id, NEW.lead_id, NEW.handoff_id, NEW.side, NEW.started_at, NEW.calendar_version_id) THEN
        RAISE EXCEPTION 'What a clock promises, since when and in whose hours cannot change.'
            USING ERRCODE = 'restrict_violation', HINT = 'Cancel it and start a new one.';
    END IF;
    RETURN NEW;
END
$guard$;
"""
_ERASING = """
    IF current_setting('revops.erasing', true) = 'yes'
        AND to_jsonb(NEW) - 'late_reason' - 'cancel_reason' = to_jsonb(OLD) - 'late_reason' - 'cancel_reason' THEN
        RETURN NEW;
    END IF;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0006_signatures_are_for_a_revision"),
        ("foundation", "0005_entries_lose_the_persons_they_name"),
    ]

    operations = [
        migrations.RunSQL(_GUARD.replace("{erasing}", _ERASING), _GUARD.replace("{erasing}", "")),
        ErasableText("sla_assignment", ["reason"]),
        ErasableText("sla_clockevent", ["reason"]),
        ErasableText("sla_escalation", ["reason"]),
        ErasableText("sla_agreementremark", ["text"]),
        ErasableText("sla_routingrules", ["note"]),
    ]
