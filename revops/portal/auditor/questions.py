"""What the auditor asks: each question is one SELECT of (subject, detail) that must come back empty."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Question(NamedTuple):
    """One thing that must be so. `sql` selects what speaks against it."""

    code: str
    sentence: str | Promise
    sql: str


QUESTIONS: tuple[Question, ...] = (
    Question(
        "equation",
        _("Received = new + attached + quarantined + refused + withdrawn + pending, for each day and source."),
        """
        WITH received AS (
            SELECT id, source_id, (received_at AT TIME ZONE 'UTC')::date AS day FROM leads_submission
        ),
        sides AS (
            SELECT day, source_id, count(*) AS received, 0::bigint AS accounted FROM received GROUP BY 1, 2
            UNION ALL
            SELECT r.day, r.source_id, 0, count(*) - count(*) FILTER (WHERE o.replaces <> '')
            FROM received r JOIN leads_submissionoutcome o ON o.submission_id = r.id GROUP BY 1, 2
            UNION ALL
            SELECT r.day, r.source_id, 0, count(*)
            FROM received r JOIN leads_pendingsubmission p ON p.submission_id = r.id GROUP BY 1, 2
        )
        SELECT sides.day || ' ' || s.key, sum(received) || ' received, ' || sum(accounted) || ' accounted for'
        FROM sides JOIN leads_source s ON s.id = sides.source_id
        GROUP BY sides.day, s.key HAVING sum(received) <> sum(accounted)
        """,
    ),
    Question(
        "outcome_or_pending",
        _("Every submission is decided or waits for the sweep, and never both."),
        """
        SELECT s.id::text, CASE WHEN o.submission_id IS NULL THEN 'neither decided nor pending' ELSE 'both' END
        FROM leads_submission s
        LEFT JOIN leads_pendingsubmission p ON p.submission_id = s.id
        LEFT JOIN leads_submissionoutcome o ON o.submission_id = s.id AND o.replaces = ''
        WHERE (o.submission_id IS NULL) = (p.submission_id IS NULL)
        """,
    ),
    Question(
        "outcome_chain",
        _("Each later outcome of a submission replaces the one before it."),
        """
        SELECT submission_id::text, 'replaces “' || replaces || '” after “' || coalesce(before, '') || '”'
        FROM (
            SELECT submission_id, replaces, lag(kind) OVER (PARTITION BY submission_id ORDER BY id) AS before
            FROM leads_submissionoutcome
        ) chain
        WHERE replaces <> coalesce(before, '')
        """,
    ),
    Question(
        "bodies",
        _("What was sent is kept for every submission."),
        """
        SELECT s.id::text, 'no body' FROM leads_submission s
        LEFT JOIN leads_submissionbody b ON b.submission_id = s.id WHERE b.submission_id IS NULL
        """,
    ),
    Question(
        "acknowledged",
        _("Every single submission that a system was told about by its key exists."),
        """
        SELECT k.key, 'acknowledged with ' || k.status || ' and not in the journal'
        FROM foundation_idempotencykey k
        WHERE k.state = 'done' AND k.method = 'POST' AND k.route LIKE '%%submissions/' AND k.status IN (201, 202)
          AND NOT EXISTS (
            SELECT 1 FROM leads_submission s
            WHERE s.id = pg_temp.uuid_of(convert_from(k.body, 'UTF8')::jsonb ->> 'receipt')
          )
        """,
    ),
    Question(
        "half_written_keys",
        _("No key of a system is stuck half-way."),
        """
        SELECT key, 'running since ' || created_at FROM foundation_idempotencykey
        WHERE state = 'running' AND coalesce(locked_until, created_at) < %(now)s - interval '10 minutes'
        """,
    ),
    Question(
        "import_counts",
        _("An import's report counts the rows that are in the journal."),
        """
        SELECT r.id::text, 'reports ' || reported || ' rows, the journal has ' || journalled
        FROM (
            SELECT run.id, coalesce(sum((run.counts ->> name)::bigint), 0) AS reported,
                (SELECT count(*) FROM leads_submission s WHERE s.job_id = run.job_id) AS journalled
            FROM leads_importrun run
            CROSS JOIN unnest(ARRAY['new', 'attached', 'quarantined', 'refused', 'pending']) AS name
            WHERE run.kind = 'leads' AND run.job_id IS NOT NULL AND run.counts <> '{}'
            GROUP BY run.id, run.job_id
        ) r WHERE reported <> journalled
        """,
    ),
    Question(
        "lead_without_submission",
        _("Every lead began with a submission."),
        """
        SELECT lead.id::text, 'no submission brought it' FROM leads_lead lead
        WHERE NOT EXISTS (SELECT 1 FROM leads_submissionoutcome o WHERE o.lead_id = lead.id AND o.kind = 'new')
        """,
    ),
    Question(
        "one_open_lead",
        _("A person has one open lead at most."),
        """
        SELECT person_id::text, count(*) || ' open leads' FROM leads_lead
        WHERE stage NOT IN ('won', 'lost') AND withdrawn_at IS NULL GROUP BY person_id HAVING count(*) > 1
        """,
    ),
    Question(
        "lifecycle_chain",
        _("The moves of a lead follow each other without a gap, from the first to where it stands."),
        """
        SELECT lead_id::text, 'moved from “' || from_stage || '” after “' || coalesce(before, '') || '”'
        FROM (
            SELECT lead_id, from_stage, lag(to_stage) OVER (PARTITION BY lead_id ORDER BY id) AS before
            FROM leads_lifecycleevent
        ) chain WHERE from_stage <> coalesce(before, '')
        UNION ALL
        SELECT lead.id::text, 'stands on “' || lead.stage || '”, its last move led to “' || coalesce(last.to_stage, '')
            || '”'
        FROM leads_lead lead
        LEFT JOIN LATERAL (
            SELECT to_stage FROM leads_lifecycleevent e WHERE e.lead_id = lead.id ORDER BY id DESC LIMIT 1
        ) last ON true
        WHERE lead.stage IS DISTINCT FROM last.to_stage
        """,
    ),
    Question(
        "one_owner",
        _("No lead has two owners: one open hand-off, and its owner is the one it was last assigned to."),
        """
        SELECT lead_id::text, count(*) || ' open hand-offs' FROM sla_handoff WHERE state = 'open'
        GROUP BY lead_id HAVING count(*) > 1
        UNION ALL
        SELECT h.lead_id::text, 'its hand-off names another owner than its last assignment'
        FROM sla_handoff h
        LEFT JOIN LATERAL (
            SELECT user_id FROM sla_assignment a WHERE a.handoff_id = h.id ORDER BY a.id DESC LIMIT 1
        ) last ON true
        WHERE h.state = 'open' AND h.owner_id IS DISTINCT FROM last.user_id
        """,
    ),
    Question(
        "one_open_clock",
        _("No lead has two open clocks of one clause."),
        """
        SELECT lead_id::text, count(*) || ' open clocks of one clause' FROM sla_clock
        WHERE met_at IS NULL AND cancelled_at IS NULL
        GROUP BY lead_id, clause_id, handoff_id HAVING count(*) > 1
        """,
    ),
    Question(
        "handed_off",
        _("A lead that was handed off has its hand-off, and an open hand-off its lead."),
        """
        SELECT lead.id::text, 'handed off without an open hand-off' FROM leads_lead lead
        WHERE lead.stage = 'handed_off' AND NOT lead.is_history AND lead.withdrawn_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM sla_handoff h WHERE h.lead_id = lead.id AND h.state = 'open')
        UNION ALL
        SELECT h.lead_id::text, 'an open hand-off, but the lead is “' || lead.stage || '”'
        FROM sla_handoff h JOIN leads_lead lead ON lead.id = h.lead_id
        WHERE h.state = 'open' AND (lead.stage <> 'handed_off' OR lead.withdrawn_at IS NOT NULL)
        """,
    ),
    Question(
        "turns_sum_to_zero",
        _("Turns of routing sum to zero in each entry, and make the balances."),
        """
        SELECT id::text, 'its deltas sum to ' || total
        FROM (SELECT id, (SELECT coalesce(sum(d), 0) FROM unnest(deltas) AS d) AS total FROM sla_turnentry) entry
        WHERE total <> 0
        UNION ALL
        SELECT person.id::text, 'a balance of ' || person.balance || ', but turns of ' || coalesce(turns.total, 0)
        FROM (SELECT unnest(people) AS id, unnest(balances) AS balance FROM sla_turnbalances) person
        LEFT JOIN (
            SELECT turn.who, sum(turn.delta) AS total
            FROM sla_turnentry entry CROSS JOIN LATERAL unnest(entry.roster, entry.deltas) AS turn (who, delta)
            GROUP BY turn.who
        ) turns ON turns.who = person.id
        WHERE person.balance <> coalesce(turns.total, 0)
        """,
    ),
    Question(
        "scores_are_their_decisions",
        _("Every score equals the newest decision about its lead."),
        """
        SELECT s.lead_id::text, 'its score differs from decision ' || d.id
        FROM scoring_leadscore s
        JOIN LATERAL (
            SELECT * FROM scoring_scoredecision d WHERE d.lead_id = s.lead_id ORDER BY d.id DESC LIMIT 1
        ) d ON true
        WHERE (s.decision_id, s.fit, s.intent, s.timing, s.tier, s.rulebook_id)
            <> (d.id, d.fit, d.intent, d.timing, d.tier, d.rulebook_id)
        """,
    ),
    Question(
        "scores_are_their_explanations",
        _("The axes of every decision are the sum of its listed reasons."),
        """
        SELECT id::text, 'axes sum to ' || (fit + intent + timing) || ', reasons to ' || total
        FROM (
            SELECT d.*, (SELECT coalesce(sum(c), 0) FROM unnest(d.contributions) AS c) AS total
            FROM scoring_scoredecision d
        ) decision WHERE fit + intent + timing <> total
        """,
    ),
    Question(
        "merged_leads",
        _("A merged lead has exactly one survivor, is shown nowhere, and nothing of it is open."),
        """
        SELECT lead.id::text, standing.n || ' standing merges say where it goes on'
        FROM leads_lead lead
        CROSS JOIN LATERAL (
            SELECT count(*) AS n FROM leads_personmerge m
            WHERE m.merged_lead_id = lead.id AND m.kept_lead_id = lead.merged_into_id AND m.undone_at IS NULL
        ) standing
        WHERE lead.merged_into_id IS NOT NULL AND standing.n <> 1
        UNION ALL
        SELECT m.merged_lead_id::text, 'a standing merge hides it, and it goes on by itself'
        FROM leads_personmerge m JOIN leads_lead lead ON lead.id = m.merged_lead_id
        WHERE m.undone_at IS NULL AND lead.merged_into_id IS DISTINCT FROM m.kept_lead_id
        UNION ALL
        SELECT lead.id::text, 'merged, and still shown' FROM leads_lead lead
        WHERE lead.merged_into_id IS NOT NULL AND lead.withdrawn_at IS NULL
        UNION ALL
        SELECT lead.id::text, 'merged, with an open hand-off' FROM leads_lead lead
        JOIN sla_handoff h ON h.lead_id = lead.id AND h.state = 'open' WHERE lead.merged_into_id IS NOT NULL
        UNION ALL
        SELECT lead.id::text, 'merged, with a running clock' FROM leads_lead lead
        JOIN sla_clock c ON c.lead_id = lead.id AND c.met_at IS NULL AND c.cancelled_at IS NULL
        WHERE lead.merged_into_id IS NOT NULL
        """,
    ),
    Question(
        "merged_people",
        _("Whoever was merged has one survivor, who answers for all that was written under the old name."),
        """
        WITH RECURSIVE behind (id, of) AS (
            SELECT id, merged_into_id FROM leads_person WHERE merged_into_id IS NOT NULL
            UNION SELECT behind.id, p.merged_into_id FROM behind JOIN leads_person p ON p.id = behind.of
            WHERE p.merged_into_id IS NOT NULL
        ),
        merged AS (
            SELECT p.id, (
                SELECT count(*) FROM leads_personmerge m
                WHERE m.merged_id = p.id AND m.survivor_id = p.merged_into_id AND m.undone_at IS NULL
            ) AS standing
            FROM leads_person p WHERE p.merged_into_id IS NOT NULL
        )
        SELECT id::text, standing || ' standing merges say into whom' FROM merged WHERE standing <> 1
        UNION ALL
        SELECT m.merged_id::text, 'a standing merge hides this person, who goes on alone'
        FROM leads_personmerge m JOIN leads_person p ON p.id = m.merged_id
        WHERE m.undone_at IS NULL AND p.merged_into_id IS DISTINCT FROM m.survivor_id
        UNION ALL
        SELECT id::text, 'merged into itself' FROM behind WHERE id = of
        UNION ALL
        SELECT behind.of::text, 'does not answer for ' || behind.id
        FROM behind JOIN leads_person p ON p.id = behind.of WHERE NOT behind.id = ANY(p.also)
        UNION ALL
        SELECT p.id::text, 'answers for ' || other || ', who was not merged into it'
        FROM leads_person p CROSS JOIN unnest(p.also) AS other
        WHERE cardinality(p.also) > 0
          AND NOT EXISTS (SELECT 1 FROM behind WHERE behind.id = other AND behind.of = p.id)
        """,
    ),
    Question(
        "undone_merges",
        _("An undone merge leaves nothing behind: every lead it moved is back with its own person."),
        """
        SELECT moved::text, 'its merge was undone, and it stayed with the survivor'
        FROM leads_personmerge m CROSS JOIN unnest(m.moved_leads) AS moved
        JOIN leads_lead lead ON lead.id = moved
        WHERE m.undone_at IS NOT NULL AND lead.person_id = m.survivor_id
          AND NOT EXISTS (
            SELECT 1 FROM leads_personmerge later
            WHERE later.id > m.id AND moved = ANY(later.moved_leads)
          )
        UNION ALL
        SELECT h.id::text, 'handed off because of a merge that was undone' FROM sla_handoff h
        JOIN leads_personmerge m ON h.cause_kind = 'merge' AND pg_temp.uuid_of(h.cause_id) = m.id
        WHERE m.undone_at IS NOT NULL AND h.state = 'open'
        """,
    ),
    Question(
        "notices_once",
        _("What was delivered inside the portal was delivered once."),
        """
        SELECT m.id::text, count(n.id) || ' notices of one message'
        FROM foundation_outboxmessage m LEFT JOIN foundation_notice n ON n.message_id = m.id
        WHERE m.channel = 'in_app' AND m.state = 'delivered' GROUP BY m.id HAVING count(n.id) <> 1
        """,
    ),
    Question(
        "erased_people",
        _("Who was erased has nothing left: no address, no name, no word they sent or that was written about them."),
        """
        WITH gone AS (
            SELECT person.*, ARRAY(SELECT id FROM leads_lead WHERE person_id = person.id) AS leads
            FROM leads_person person WHERE person.erased_at IS NOT NULL
        )
        SELECT id::text, 'erased, but still has an address, a name or a title' FROM gone
        WHERE email IS NOT NULL OR phone IS NOT NULL OR first_name || last_name || title || city <> ''
        UNION ALL
        SELECT gone.id::text, 'erased, but still known to “' || i.system || '”'
        FROM gone JOIN leads_personidentity i ON i.person_id = gone.id
        UNION ALL
        SELECT gone.id::text, 'erased, but still found by a search' FROM gone
        JOIN leads_personsearch s ON s.person_id = gone.id WHERE s.text <> '' OR s.keys <> '{}'
        UNION ALL
        SELECT l.id::text, 'its person was erased, but it says what they want' FROM gone
        JOIN leads_lead l ON l.id = ANY(gone.leads) WHERE l.need <> '' OR l.attributes <> '{}' OR l.last_touch <> '{}'
        UNION ALL
        SELECT b.submission_id::text, 'its person was erased, but what they sent is kept' FROM gone
        JOIN leads_submissionoutcome o ON o.lead_id = ANY(gone.leads)
        JOIN leads_submissionbody b ON b.submission_id = o.submission_id
        WHERE b.payload IS NOT NULL OR b.raw <> ''
        UNION ALL
        SELECT a.id::text, 'its person was erased, but the note is kept' FROM gone
        JOIN leads_attempt a ON a.lead_id = ANY(gone.leads)
        WHERE a.note <> '' AND a.recorded_at <= gone.erased_at
        UNION ALL
        SELECT d.id::text, 'its person was erased, but its words are kept' FROM gone
        JOIN feedback_disposition d ON d.lead_id = ANY(gone.leads)
        WHERE replace(d.evidence || d.note || d.second_look, '[erased]', '') <> '' AND d.recorded_at <= gone.erased_at
        """,
    ),
)
