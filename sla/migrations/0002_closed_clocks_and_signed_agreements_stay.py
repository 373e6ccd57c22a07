"""The database itself keeps calendars, signatures, assignments, turns, closed clocks and signed clauses as they are."""

from django.db import migrations

from revops.foundation.append_only import AppendOnly

CLOSED_CLOCKS = """
CREATE FUNCTION guard_clock() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A clock cannot be deleted.'
            USING ERRCODE = 'restrict_violation', HINT = 'Cancel it and say why.';
    END IF;
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
CREATE TRIGGER a_closed_clock_stays_closed BEFORE UPDATE OR DELETE ON sla_clock
    FOR EACH ROW EXECUTE FUNCTION guard_clock();
"""
CLOSED_CLOCKS_BACK = """
DROP TRIGGER a_closed_clock_stays_closed ON sla_clock;
DROP FUNCTION guard_clock();
"""

SIGNED_AGREEMENTS = """
CREATE FUNCTION guard_agreement() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state <> 'draft' THEN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'Agreement v% took effect: it cannot be deleted.', OLD.version
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF (to_jsonb(OLD) - 'state' - 'superseded_at') IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'superseded_at')
            OR (OLD.state, NEW.state) NOT IN (('live', 'live'), ('live', 'superseded'), ('superseded', 'superseded'))
        THEN
            RAISE EXCEPTION 'Agreement v% took effect: it cannot change.', OLD.version
                USING ERRCODE = 'restrict_violation', HINT = 'Draft a new version.';
        END IF;
    ELSIF TG_OP <> 'DELETE' AND NEW.state <> 'draft' THEN
        IF (SELECT count(DISTINCT side) FROM sla_agreementsignature WHERE agreement_id = NEW.id) < 2 THEN
            RAISE EXCEPTION 'Agreement v% is not signed by sales and by marketing.', NEW.version
                USING ERRCODE = 'restrict_violation', HINT = 'Both heads sign before it takes effect.';
        END IF;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$guard$;
CREATE TRIGGER a_signed_agreement_stays_as_signed BEFORE INSERT OR UPDATE OR DELETE ON sla_agreement
    FOR EACH ROW EXECUTE FUNCTION guard_agreement();

CREATE FUNCTION guard_clause() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF EXISTS (
        SELECT 1 FROM sla_agreement
        WHERE state <> 'draft'
          AND id IN (CASE WHEN TG_OP <> 'INSERT' THEN OLD.agreement_id END,
                     CASE WHEN TG_OP <> 'DELETE' THEN NEW.agreement_id END)
    ) THEN
        RAISE EXCEPTION 'The clauses of an agreement that took effect cannot change.'
            USING ERRCODE = 'restrict_violation', HINT = 'Draft a new version.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$guard$;
CREATE TRIGGER signed_clauses_stay_as_signed BEFORE INSERT OR UPDATE OR DELETE ON sla_clause
    FOR EACH ROW EXECUTE FUNCTION guard_clause();
"""
SIGNED_AGREEMENTS_BACK = """
DROP TRIGGER signed_clauses_stay_as_signed ON sla_clause;
DROP FUNCTION guard_clause();
DROP TRIGGER a_signed_agreement_stays_as_signed ON sla_agreement;
DROP FUNCTION guard_agreement();
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0001_initial")]

    operations = [
        AppendOnly("sla_calendarversion"),
        AppendOnly("sla_agreementsignature"),
        AppendOnly("sla_turnentry"),
        AppendOnly("sla_assignment"),
        migrations.RunSQL(CLOSED_CLOCKS, CLOSED_CLOCKS_BACK),
        migrations.RunSQL(SIGNED_AGREEMENTS, SIGNED_AGREEMENTS_BACK),
    ]
