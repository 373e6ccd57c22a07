"""The database knows the side of a signer, lets nobody pass for another author, and lets signed content come back."""

from django.db import migrations

from revops.foundation.append_only import AppendOnly

GUARDS = """
CREATE OR REPLACE FUNCTION guard_rulebook() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.published_at IS NOT NULL OR EXISTS (SELECT 1 FROM scoring_rulebooksignature WHERE rulebook_id = OLD.id) THEN
            RAISE EXCEPTION 'Rulebook v% was published or signed: it cannot be deleted.', OLD.version
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.author_id <> NEW.author_id THEN
        RAISE EXCEPTION 'The author of rulebook v% stays its author.', OLD.version
            USING ERRCODE = 'restrict_violation', HINT = 'Who wrote it cannot sign it.';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.published_at IS NOT NULL THEN
        IF (to_jsonb(OLD) - 'state' - 'superseded_at' - 'review_by_on')
           IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'superseded_at' - 'review_by_on') THEN
            RAISE EXCEPTION 'Rulebook v% is published: it cannot change.', OLD.version
                USING ERRCODE = 'restrict_violation', HINT = 'Draft a new version based on it.';
        END IF;
    ELSIF NEW.published_at IS NOT NULL THEN
        IF NEW.restores_id IS NOT NULL AND EXISTS (
            SELECT 1 FROM scoring_rulebook signed
             WHERE signed.id = NEW.restores_id AND signed.published_at IS NOT NULL
                   AND signed.content_hash = NEW.content_hash AND signed.definition = NEW.definition) THEN
            RETURN NEW;
        END IF;
        IF (SELECT count(DISTINCT side) FROM scoring_rulebooksignature
            WHERE rulebook_id = NEW.id AND content_hash = NEW.content_hash AND user_id <> NEW.author_id) < 2 THEN
            RAISE EXCEPTION 'Rulebook v% is not signed by sales and by marketing.', NEW.version
                USING ERRCODE = 'restrict_violation', HINT = 'Both sides sign the exact content that is published.';
        END IF;
    END IF;
    RETURN NEW;
END
$guard$;

CREATE OR REPLACE FUNCTION guard_rulebook_signature() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    book scoring_rulebook%ROWTYPE;
    own text;
BEGIN
    SELECT * INTO book FROM scoring_rulebook WHERE id = NEW.rulebook_id FOR SHARE;
    IF book.author_id = NEW.user_id THEN
        RAISE EXCEPTION 'The author of rulebook v% cannot sign it.', book.version
            USING ERRCODE = 'restrict_violation', HINT = 'Ask a colleague to read and sign it.';
    END IF;
    IF book.content_hash <> NEW.content_hash THEN
        RAISE EXCEPTION 'Rulebook v% changed since it was read.', book.version
            USING ERRCODE = 'restrict_violation', HINT = 'Read the current content and sign that.';
    END IF;
    SELECT COALESCE(team.side, CASE person.role WHEN 'rep' THEN 'sales' WHEN 'sales_manager' THEN 'sales'
                                                WHEN 'marketer' THEN 'marketing'
                                                WHEN 'marketing_manager' THEN 'marketing' END)
      INTO own
      FROM foundation_user person
      LEFT JOIN foundation_team team ON team.id = person.team_id
     WHERE person.id = NEW.user_id;
    IF own IS DISTINCT FROM NEW.side THEN
        RAISE EXCEPTION 'Rulebook v%: somebody of the other side cannot sign for %.', book.version, NEW.side
            USING ERRCODE = 'restrict_violation', HINT = 'One person of sales and one of marketing sign.';
    END IF;
    RETURN NEW;
END
$guard$;
"""
GUARDS_BACK = """
CREATE OR REPLACE FUNCTION guard_rulebook() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.published_at IS NOT NULL OR EXISTS (SELECT 1 FROM scoring_rulebooksignature WHERE rulebook_id = OLD.id) THEN
            RAISE EXCEPTION 'Rulebook v% was published or signed: it cannot be deleted.', OLD.version
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.published_at IS NOT NULL THEN
        IF (to_jsonb(OLD) - 'state' - 'superseded_at') IS DISTINCT FROM (to_jsonb(NEW) - 'state' - 'superseded_at') THEN
            RAISE EXCEPTION 'Rulebook v% is published: it cannot change.', OLD.version
                USING ERRCODE = 'restrict_violation', HINT = 'Draft a new version based on it.';
        END IF;
    ELSIF NEW.published_at IS NOT NULL THEN
        IF (SELECT count(DISTINCT side) FROM scoring_rulebooksignature
            WHERE rulebook_id = NEW.id AND content_hash = NEW.content_hash AND user_id <> NEW.author_id) < 2 THEN
            RAISE EXCEPTION 'Rulebook v% is not signed by sales and by marketing.', NEW.version
                USING ERRCODE = 'restrict_violation', HINT = 'Both sides sign the exact content that is published.';
        END IF;
    END IF;
    RETURN NEW;
END
$guard$;

CREATE OR REPLACE FUNCTION guard_rulebook_signature() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    book scoring_rulebook%ROWTYPE;
BEGIN
    SELECT * INTO book FROM scoring_rulebook WHERE id = NEW.rulebook_id FOR SHARE;
    IF book.author_id = NEW.user_id THEN
        RAISE EXCEPTION 'The author of rulebook v% cannot sign it.', book.version
            USING ERRCODE = 'restrict_violation', HINT = 'Ask a colleague to read and sign it.';
    END IF;
    IF book.content_hash <> NEW.content_hash THEN
        RAISE EXCEPTION 'Rulebook v% changed since it was read.', book.version
            USING ERRCODE = 'restrict_violation', HINT = 'Read the current content and sign that.';
    END IF;
    RETURN NEW;
END
$guard$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0001_the_ground"),
        ("scoring", "0003_rulebooks_are_revised_scheduled_and_marked"),
    ]

    operations = [
        AppendOnly("scoring_rulebookrevision"),
        AppendOnly("scoring_rulebookeffect"),
        AppendOnly("scoring_kindverdict"),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
    ]
