"""A signature is for one revision of the clauses; an agreement in effect may note that its review was announced."""

from django.conf import settings
from django.db import migrations, models

NOTES_THE_REMINDER = """
CREATE OR REPLACE FUNCTION guard_agreement() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state <> 'draft' THEN
        IF TG_OP = 'DELETE' THEN
            RAISE EXCEPTION 'Agreement v% took effect: it cannot be deleted.', OLD.version
                USING ERRCODE = 'restrict_violation';
        END IF;
        IF (to_jsonb(OLD) - 'state' - 'superseded_at' - 'reminded_at') IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'superseded_at' - 'reminded_at')
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
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION guard_agreement() RETURNS trigger LANGUAGE plpgsql AS $guard$
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
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0005_clocks_keep_what_moved_them"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="agreementsignature",
            name="each_side_signs_clauses_once",
        ),
        migrations.RemoveConstraint(
            model_name="agreementsignature",
            name="two_people_sign_an_agreement",
        ),
        migrations.AddConstraint(
            model_name="agreementsignature",
            constraint=models.UniqueConstraint(
                fields=("agreement", "side", "revision"), name="each_side_signs_a_revision_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementsignature",
            constraint=models.UniqueConstraint(
                fields=("agreement", "user", "revision"), name="two_people_sign_a_revision"
            ),
        ),
        migrations.RunSQL(NOTES_THE_REMINDER, AS_BEFORE),
    ]
