"""The database itself keeps published rulebooks, signatures, decisions and the change log as they are."""

from django.db import migrations

from revops.foundation.append_only import AppendOnly

PUBLISHED_RULEBOOKS = """
CREATE FUNCTION guard_rulebook() RETURNS trigger LANGUAGE plpgsql AS $guard$
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
CREATE TRIGGER a_published_rulebook_stays_as_signed BEFORE INSERT OR UPDATE OR DELETE ON scoring_rulebook
    FOR EACH ROW EXECUTE FUNCTION guard_rulebook();

CREATE FUNCTION guard_rulebook_signature() RETURNS trigger LANGUAGE plpgsql AS $guard$
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
CREATE TRIGGER a_signature_is_not_the_authors BEFORE INSERT ON scoring_rulebooksignature
    FOR EACH ROW EXECUTE FUNCTION guard_rulebook_signature();
"""
PUBLISHED_RULEBOOKS_BACK = """
DROP TRIGGER a_signature_is_not_the_authors ON scoring_rulebooksignature;
DROP FUNCTION guard_rulebook_signature();
DROP TRIGGER a_published_rulebook_stays_as_signed ON scoring_rulebook;
DROP FUNCTION guard_rulebook();
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]

    operations = [
        AppendOnly("scoring_scoredecision"),
        AppendOnly("scoring_rulebooksignature"),
        AppendOnly("scoring_rulebookchange"),
        migrations.RunSQL(PUBLISHED_RULEBOOKS, PUBLISHED_RULEBOOKS_BACK),
    ]
