"""What this floor holds of a person, table by table, and what becomes of it when they are erased."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from revops.foundation.erasing import ERASED, Holding

_GONE = f"'{ERASED}'"
_OF_LEADS = "lead_id = ANY(%(leads)s::uuid[])"
_OF_PEOPLE = "person_id = ANY(%(people)s::uuid[])"
_OF_SUBMISSIONS = "submission_id = ANY(%(submissions)s::uuid[])"
_THEIR_ROWS = """(run_id, line) IN (
    SELECT run.id, sent.line FROM leads_submission sent JOIN leads_importrun run ON run.job_id = sent.job_id
    WHERE sent.id = ANY(%(submissions)s::uuid[]))"""


def _unless_empty(column: str) -> str:
    return f"CASE WHEN {column} = '' THEN '' ELSE {_GONE} END"


HOLDINGS = (
    Holding(
        "leads_person", _("name, addresses, numbers, title, role, place"), "id = ANY(%(people)s::uuid[])",
        {
            "email": "NULL", "phone": "NULL", "first_name": "''", "last_name": "''", "title": "''", "seniority": "''",
            "function": "''", "purchasing_role": "''", "country": "''", "city": "''", "flags": "'{}'",
            "account_id": "NULL", "erased_at": "coalesce(erased_at, %(now)s)", "updated_at": "%(now)s",
        },
        stays=_("An empty row with its id, so that decisions have somebody they were about."),
    ),
    Holding("leads_personidentity", _("ids under which other systems know them"), _OF_PEOPLE, removes=True),
    Holding("leads_personsearch", _("words by which searches find them"), _OF_PEOPLE, removes=True),
    Holding(
        "leads_personproposal", _("questions whether they are somebody else"),
        "first_id = ANY(%(people)s::uuid[]) OR second_id = ANY(%(people)s::uuid[])", removes=True,
    ),
    Holding("leads_profileask", _("questions that a form asked them"), _OF_PEOPLE, removes=True),
    Holding(
        "leads_bouncedaddress", _("marks that mail to them came back"), "digest = ANY(%(digests)s)", removes=True
    ),
    Holding(
        "leads_consentproof", _("where and with what they consented"),
        f"event_id IN (SELECT id FROM leads_consentevent WHERE {_OF_PEOPLE})", removes=True,  # noqa: S608
    ),
    Holding(
        "leads_consentevent", _("consents given and taken back"), _OF_PEOPLE,
        stays=_("To which words, when and how: it proves that we were allowed to write."),
    ),
    Holding(
        "leads_submission", _("what was received"), "id = ANY(%(submissions)s::uuid[])",
        {"external_id": "''", "dedupe_key": "NULL"},
        stays=_("That something came, when and from which source: received = decided must stay true."),
    ),
    Holding(
        "leads_submissionbody", _("what they sent, word for word"), _OF_SUBMISSIONS,
        {"payload": "NULL", "raw": "''", "erased_at": "coalesce(erased_at, %(now)s)"},
        stays=_("An empty row that says when it was erased."),
    ),
    Holding(
        "leads_submissionoutcome", _("what became of what they sent"), _OF_SUBMISSIONS,
        {"detail": _unless_empty("detail")}, stays=_("The decision and the rule that made it."),
    ),
    Holding(
        "leads_pendingsubmission", _("what still waits to be decided"), _OF_SUBMISSIONS, {"error": _GONE},
        stays=_("That it waits: the sweep refuses it, because nothing is left to read."),
    ),
    Holding(
        "leads_lead", _("what they want, in their words, and what else they said"), "id = ANY(%(leads)s::uuid[])",
        {
            "need": "''", "attributes": "'{}'::jsonb", "first_touch": "'{}'::jsonb", "last_touch": "'{}'::jsonb",
            "wakes_on": "NULL", "version": "version + 1",
        },
        stays=_("The lead with its stage, source, campaign, company and owner: what was decided, and by whom."),
    ),
    Holding(
        "leads_lifecycleevent", _("moves of their lead"), _OF_LEADS, stays=_("From which stage to which, when, why."),
    ),
    Holding(
        "leads_touch", _("addresses of ours by which they came"), _OF_LEADS, {"utm": "'{}'::jsonb"},
        stays=_("The campaign it was counted for."),
    ),
    Holding(
        "leads_signal", _("what they did, and about which topic"), _OF_LEADS,
        {"topic": "''", "url": "''", "event_id": "''"},
        stays=_("That an act of this kind happened, and when: scores were made of it."),
    ),
    Holding(
        "leads_attempt", _("how we tried to reach them, and what was noted"), _OF_LEADS,
        {"note": "''", "event_id": "''"}, stays=_("That somebody tried, when and how: promises are measured by it."),
    ),
    Holding(
        "leads_hookdelivery", _("posts of other systems"),
        "(submission_ids && %(submissions)s::uuid[] OR body ~* %(pattern)s) AND state <> 'waiting'",
        {
            "body": "''", "sender_key": "NULL", "emptied_at": "coalesce(emptied_at, %(now)s)",
            "error": _unless_empty("error"),
        },
        stays=_("That a post came, and what became of it."),
    ),
    Holding(
        "leads_importrowerror", _("rows of imports that needed mending"),
        f"{_THEIR_ROWS} OR original::text ~* %(pattern)s OR message ~* %(pattern)s",
        {"message": _GONE, "original": "'[]'::jsonb"},
        stays=_("Which rule stopped which line: the report of an import must add up."),
    ),
    Holding(
        "leads_importedit", _("cells that colleagues corrected"), f"{_THEIR_ROWS} OR value ~* %(pattern)s",
        {"value": "''"}, stays=_("That a cell was corrected, and by whom."),
    ),
    Holding(
        "leads_personmerge", _("merges with other rows of theirs"),
        "survivor_id = ANY(%(people)s::uuid[]) OR merged_id = ANY(%(people)s::uuid[])",
        stays=_("Which rows were one person; it names no facts and can no longer be undone."),
    ),
    Holding(
        "leads_privacyrequest", _("what they asked us about their data"), _OF_PEOPLE,
        {"asked_about": "''", "note": "''"}, stays=_("That they asked, when, and what was answered."),
    ),
)  # fmt: skip
"""Everything the ground floor holds of a person. `leads_person` comes first: nothing may find them meanwhile."""
