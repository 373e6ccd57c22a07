"""Whatever changes a fact that numbers rest on marks the day on which the fact counts: in the same transaction.

Statements mark each day once, however many rows they write. `LATERAL … OFFSET 0` holds the kept plans to look rows up
one by one: a plan that was made for a thousand rows would read whole tables for a single one.
"""

from django.db import migrations, models


def _day(column):
    return f"({column} AT TIME ZONE 'UTC')::date"


def _mark(*facts):
    """Marks every day of `facts`, each (kind, column of the instant, FROM …)."""
    found = " UNION ".join(f"SELECT '{kind}' AS kind, {_day(column)} AS day {rows}" for kind, column, rows in facts)
    salted = f"SELECT kind, day, 1 + (random() * 2147483645)::bigint FROM ({found}) facts WHERE day IS NOT NULL"  # noqa: S608 - constants
    return f"INSERT INTO feedback_changedday (kind, day, salt) {salted};"


def _of(table, condition, rows="fresh"):
    """FROM the rows of a table that belong to the fresh ones."""
    return f"FROM {rows}, LATERAL (SELECT * FROM {table} found WHERE {condition} OFFSET 0) found"  # noqa: S608 - constants


def _function(name, body):
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $mark$ BEGIN {body} RETURN NULL; END $mark$;"


_LEAD_S_HANDOFFS = _of("sla_handoff", "found.lead_id = fresh.lead_id")
_LEAD_S_OUTCOMES = _of("feedback_outcome", "found.lead_id = fresh.lead_id")
_ITS_LEAD = _of("leads_lead", "found.id = fresh.lead_id")

AFTER_INSERT = {
    "leads_lead": _mark(("leads", "received_at", "FROM fresh WHERE NOT is_history")),
    "sla_handoff": _mark(
        ("handoffs", "handed_off_at", "FROM fresh"),
        ("answers", "answered_at", "FROM fresh WHERE answered_at IS NOT NULL"),
        ("leads", "found.received_at", _ITS_LEAD),
        ("outcomes", "found.occurred_at", _LEAD_S_OUTCOMES),
        ("handoffs", "found.handed_off_at", f"{_LEAD_S_HANDOFFS} WHERE fresh.number > 1"),
        (
            "dispositions",
            "found.decided_at",
            _of("feedback_disposition", "found.lead_id = fresh.lead_id") + " WHERE fresh.number > 1",
        ),
    ),
    "sla_assignment": _mark(
        (
            "handoffs",
            "found.handed_off_at",
            _of("sla_handoff", "found.id = fresh.handoff_id") + " WHERE fresh.user_id IS NOT NULL",
        ),
    ),
    "sla_clock": _mark(
        ("clocks", "due_at", "FROM fresh"),
        (
            "clocks",
            "found.due_at",
            _of("sla_clock", "found.id = fresh.replaces_id") + " WHERE fresh.replaces_id IS NOT NULL",
        ),
        (
            "handoffs",
            "found.handed_off_at",
            _of("sla_handoff", "found.id = fresh.handoff_id") + " WHERE fresh.met_at IS NOT NULL",
        ),
    ),
    "sla_clockexcuse": _mark(("clocks", "found.due_at", _of("sla_clock", "found.id = fresh.clock_id"))),
    "leads_attempt": _mark(
        ("acts", "occurred_at", "FROM fresh WHERE NOT is_automatic"),
        ("handoffs", "found.handed_off_at", f"{_LEAD_S_HANDOFFS} WHERE NOT fresh.is_automatic"),
        ("answers", "found.answered_at", f"{_LEAD_S_HANDOFFS} WHERE NOT fresh.is_automatic"),
        (
            "dispositions",
            "found.decided_at",
            _of("feedback_disposition", "found.lead_id = fresh.lead_id") + " WHERE NOT fresh.is_automatic",
        ),
    ),
    "feedback_disposition": _mark(
        ("dispositions", "decided_at", "FROM fresh"),
        (
            "dispositions",
            "found.decided_at",
            _of("feedback_disposition", "found.id = fresh.undoes_id") + " WHERE fresh.undoes_id IS NOT NULL",
        ),
    ),
    "feedback_outcome": _mark(
        ("acts", "occurred_at", "FROM fresh"),
        ("outcomes", "found.occurred_at", _LEAD_S_OUTCOMES),
        ("leads", "found.received_at", _ITS_LEAD),
        ("answers", "found.answered_at", _LEAD_S_HANDOFFS),
    ),
}
"""By table: what rows that were added mark, once a statement."""


def _whole(lead):
    """Everything a lead counts in."""
    fresh = f"(SELECT {lead}.id AS lead_id) fresh"
    return _mark(
        ("leads", f"{lead}.received_at", ""),
        ("handoffs", "found.handed_off_at", _of("sla_handoff", "found.lead_id = fresh.lead_id", fresh)),
        ("answers", "found.answered_at", _of("sla_handoff", "found.lead_id = fresh.lead_id", fresh)),
        ("dispositions", "found.decided_at", _of("feedback_disposition", "found.lead_id = fresh.lead_id", fresh)),
        ("outcomes", "found.occurred_at", _of("feedback_outcome", "found.lead_id = fresh.lead_id", fresh)),
        ("acts", "found.occurred_at", _of("feedback_outcome", "found.lead_id = fresh.lead_id", fresh)),
        ("acts", "found.occurred_at", _of("leads_attempt", "found.lead_id = fresh.lead_id", fresh)),
    )


_LEADS_OF_HANDOFF = "FROM leads_lead WHERE id IN (OLD.lead_id, NEW.lead_id)"
_OTHER_HANDOFFS = "FROM sla_handoff WHERE lead_id IN (OLD.lead_id, NEW.lead_id)"
_OUTCOMES = "FROM feedback_outcome WHERE lead_id IN (OLD.lead_id, NEW.lead_id)"
_DETAILS = (
    "FROM sla_handoff handoff JOIN sla_clause clause ON clause.code = 'details_within'"
    " WHERE handoff.id IN (OLD.handoff_id, NEW.handoff_id) AND clause.id IN (OLD.clause_id, NEW.clause_id)"
)
_TOLD = "FROM sla_handoff WHERE lead_id = {0}.subject_id"
_NURTURED = "FROM feedback_disposition WHERE id = {0}.disposition_id"


def _changed(*columns):
    return " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)


AFTER_ROW = {
    "lead_changed": (
        "leads_lead",
        "UPDATE",
        _changed("withdrawn_at", "is_history", "source_id", "campaign_id", "received_at"),
        _mark(("leads", "OLD.received_at", "")) + _whole("NEW"),
    ),
    "handoff_answered": (
        "sla_handoff",
        "UPDATE",
        _changed("state", "answered_at", "tier", "score_decision_id"),
        _mark(
            ("answers", "OLD.answered_at", ""),
            ("answers", "NEW.answered_at", ""),
            ("leads", "received_at", _LEADS_OF_HANDOFF),
            ("dispositions", "decided_at", "FROM feedback_disposition WHERE handoff_id = NEW.id"),
        ),
    ),
    "handoff_moved": (
        "sla_handoff",
        "UPDATE",
        _changed("lead_id", "number", "handed_off_at", "qualified_at"),
        _mark(
            ("handoffs", "OLD.handed_off_at", ""),
            ("handoffs", "handed_off_at", _OTHER_HANDOFFS),
            ("answers", "answered_at", _OTHER_HANDOFFS),
            ("leads", "received_at", _LEADS_OF_HANDOFF),
            ("outcomes", "occurred_at", _OUTCOMES),
            (
                "dispositions",
                "decided_at",
                "FROM feedback_disposition WHERE lead_id IN (OLD.lead_id, NEW.lead_id)",
            ),
        ),
    ),
    "clock_changed": (
        "sla_clock",
        "UPDATE",
        _changed("due_at", "met_at", "cancelled_at", "paused_at", "clause_id", "handoff_id"),
        _mark(("clocks", "OLD.due_at", ""), ("clocks", "NEW.due_at", ""))
        + f"IF {_changed('met_at', 'handoff_id', 'clause_id')} THEN"
        f" {_mark(('handoffs', 'handed_off_at', _DETAILS))} END IF;",
    ),
    "answer_rewritten": (
        "feedback_disposition",
        "UPDATE",
        _changed("evidence", "reason_id", "decided_at"),
        _mark(("dispositions", "OLD.decided_at", ""), ("dispositions", "NEW.decided_at", "")),
    ),
    "owner_told": (
        "foundation_notice",
        "INSERT",
        "NEW.kind = 'lead.assigned'",
        _mark(("handoffs", "handed_off_at", _TOLD.format("NEW"))),
    ),
    "notice_gone": (
        "foundation_notice",
        "DELETE",
        "OLD.kind = 'lead.assigned'",
        _mark(("handoffs", "handed_off_at", _TOLD.format("OLD"))),
    ),
    "nurture_begun": (
        "feedback_nurtureperiod",
        "INSERT",
        "true",
        _mark(("dispositions", "decided_at", _NURTURED.format("NEW"))),
    ),
    "nurture_changed": (
        "feedback_nurtureperiod",
        "UPDATE",
        "true",
        _mark(
            ("dispositions", "decided_at", _NURTURED.format("OLD")),
            ("dispositions", "decided_at", _NURTURED.format("NEW")),
        ),
    ),
    "nurture_gone": (
        "feedback_nurtureperiod",
        "DELETE",
        "true",
        _mark(("dispositions", "decided_at", _NURTURED.format("OLD"))),
    ),
}
"""By name: (table, event, when, what it marks), once a row, for what changes rarely or row by row."""

MARK = "\n".join(
    [
        *(
            _function(f"mark_days_of_{table}", body)
            + f" CREATE TRIGGER {table}_marks_its_days AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh"
            f" FOR EACH STATEMENT EXECUTE FUNCTION mark_days_of_{table}();"
            for table, body in AFTER_INSERT.items()
        ),
        *(
            _function(f"mark_days_of_{name}", body) + f" CREATE TRIGGER {name}_marks_its_days AFTER {event} ON {table}"
            f" FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION mark_days_of_{name}();"
            for name, (table, event, when, body) in AFTER_ROW.items()
        ),
        "INSERT INTO feedback_changedday (kind, day, salt) SELECT 'epoch', '0001-01-01', 1 + random() * 2147483645;",
    ]
)
MARK_BACK = "\n".join(
    [
        *(f"DROP FUNCTION mark_days_of_{name}() CASCADE;" for name in [*AFTER_INSERT, *AFTER_ROW]),
        "DELETE FROM feedback_changedday;",
    ]
)


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0009_answers_lose_the_persons_they_name"),
        ("foundation", "0005_entries_lose_the_persons_they_name"),
        ("leads", "0017_accepted_leads_are_found_by_their_owner"),
        ("sla", "0009_balances_in_one_row_and_a_stamp_of_the_roster"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangedDay",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("day", models.DateField(help_text="In UTC.")),
                ("salt", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(MARK, MARK_BACK),
    ]
