"""Rules of territories, hours of teams, remarks on drafts; the database counts revisions and knows who may sign."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids
from revops.foundation.append_only import AppendOnly

REVISIONS = """
CREATE FUNCTION count_revision() RETURNS trigger LANGUAGE plpgsql AS $count$
BEGIN
    UPDATE sla_agreement SET revision = revision + 1
    WHERE state = 'draft' AND id IN (SELECT agreement_id FROM changed);
    RETURN NULL;
END
$count$;
CREATE TRIGGER new_clauses_count AFTER INSERT ON sla_clause
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_revision();
CREATE TRIGGER changed_clauses_count AFTER UPDATE ON sla_clause
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_revision();
CREATE TRIGGER removed_clauses_count AFTER DELETE ON sla_clause
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_revision();

CREATE FUNCTION guard_agreement_signature() RETURNS trigger LANGUAGE plpgsql AS $guard$
DECLARE
    signed sla_agreement%ROWTYPE;
    signer_role text;
BEGIN
    SELECT * INTO signed FROM sla_agreement WHERE id = NEW.agreement_id FOR NO KEY UPDATE;
    IF signed.state <> 'draft' THEN
        RAISE EXCEPTION 'Agreement v% took effect: it is not signed any more.', signed.version
            USING ERRCODE = 'restrict_violation', HINT = 'Draft a new version.';
    END IF;
    SELECT role INTO signer_role FROM foundation_user WHERE id = NEW.user_id AND is_active;
    IF signer_role IS DISTINCT FROM NEW.side || '_manager' THEN
        RAISE EXCEPTION 'Only a head of % signs for %.', NEW.side, NEW.side
            USING ERRCODE = 'restrict_violation', HINT = 'Each head signs for their own side.';
    END IF;
    NEW.revision := signed.revision;
    RETURN NEW;
END
$guard$;
CREATE TRIGGER each_head_signs_for_their_side BEFORE INSERT ON sla_agreementsignature
    FOR EACH ROW EXECUTE FUNCTION guard_agreement_signature();

CREATE FUNCTION guard_signed_clauses() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF NEW.state = 'live' AND OLD.state = 'draft' AND (
        SELECT count(DISTINCT side) FROM sla_agreementsignature
        WHERE agreement_id = NEW.id AND revision = NEW.revision
    ) < 2 THEN
        RAISE EXCEPTION 'The clauses of agreement v% are not signed by both sides as they are now.', NEW.version
            USING ERRCODE = 'restrict_violation', HINT = 'Both heads sign these clauses.';
    END IF;
    RETURN NEW;
END
$guard$;
CREATE TRIGGER what_takes_effect_is_what_was_signed BEFORE UPDATE ON sla_agreement
    FOR EACH ROW EXECUTE FUNCTION guard_signed_clauses();
"""
REVISIONS_BACK = """
DROP TRIGGER what_takes_effect_is_what_was_signed ON sla_agreement;
DROP FUNCTION guard_signed_clauses();
DROP TRIGGER each_head_signs_for_their_side ON sla_agreementsignature;
DROP FUNCTION guard_agreement_signature();
DROP TRIGGER removed_clauses_count ON sla_clause;
DROP TRIGGER changed_clauses_count ON sla_clause;
DROP TRIGGER new_clauses_count ON sla_clause;
DROP FUNCTION count_revision();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("foundation", "0002_limit_of_an_api_key"),
        ("sla", "0003_escalation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementRemark",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(choices=[("comment", "Comment"), ("decline", "Declined")], max_length=8)),
                (
                    "side",
                    models.CharField(
                        blank=True, choices=[("marketing", "Marketing"), ("sales", "Sales")], max_length=12
                    ),
                ),
                ("text", models.CharField(max_length=1000)),
                ("said_at", models.DateTimeField()),
                ("revision", models.PositiveIntegerField(help_text="Of the clauses it was said about.")),
            ],
            options={
                "ordering": ["said_at", "id"],
            },
        ),
        migrations.CreateModel(
            name="RoutingRules",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("version", models.PositiveIntegerField(unique=True)),
                ("rules", models.JSONField(default=list)),
                ("note", models.CharField(blank=True, help_text="What changed, in words.", max_length=300)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "routing rules",
                "ordering": ["-version"],
            },
        ),
        migrations.CreateModel(
            name="TeamCalendar",
            fields=[
                (
                    "team",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="business_calendar",
                        serialize=False,
                        to="foundation.team",
                    ),
                ),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="absence",
            name="event",
            field=models.CharField(blank=True, help_text="Which event of an .ics file it came from.", max_length=200),
        ),
        migrations.AddField(
            model_name="absence",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="agreement",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="reminded_at",
            field=models.DateTimeField(blank=True, help_text="When both heads were told of the review.", null=True),
        ),
        migrations.AddField(
            model_name="agreement",
            name="revision",
            field=models.PositiveIntegerField(
                default=1,
                help_text="Counts the changes of its clauses; the database counts, and signatures name theirs.",
            ),
        ),
        migrations.AddField(
            model_name="agreement",
            name="summary",
            field=models.CharField(blank=True, help_text="Why there is a new version, in words.", max_length=300),
        ),
        migrations.AddField(
            model_name="agreement",
            name="takes_effect_on",
            field=models.DateField(
                blank=True, help_text="Not before this day; empty: as soon as both sides signed.", null=True
            ),
        ),
        migrations.AddField(
            model_name="agreementsignature",
            name="revision",
            field=models.PositiveIntegerField(default=1, help_text="Of the clauses; written by the database."),
        ),
        migrations.AddField(
            model_name="calendarversion",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handoff",
            name="alarmed_at",
            field=models.DateTimeField(blank=True, help_text="When managers were told that nobody has it.", null=True),
        ),
        migrations.AddConstraint(
            model_name="absence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("event", ""), _negated=True),
                fields=("user", "event"),
                name="an_event_is_one_absence_of_a_person",
            ),
        ),
        migrations.AddField(
            model_name="agreementremark",
            name="agreement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="remarks", to="sla.agreement"
            ),
        ),
        migrations.AddField(
            model_name="agreementremark",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="routingrules",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="teamcalendar",
            name="calendar",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="teams", to="sla.calendar"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementremark",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["comment", "decline"])), name="a_remark_is_of_a_known_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementremark",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="a_remark_says_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementremark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "decline"), _negated=True), models.Q(("side", ""), _negated=True), _connector="OR"
                ),
                name="who_declines_has_a_side",
            ),
        ),
        AppendOnly("sla_routingrules"),
        AppendOnly("sla_agreementremark"),
        migrations.RunSQL(REVISIONS, REVISIONS_BACK),
    ]
