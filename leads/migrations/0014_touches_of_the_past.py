"""Fills in the touches of submissions that came before touches were kept."""

from django.db import migrations

FILL = """
INSERT INTO leads_touch (lead_id, source_id, campaign_id, submission_id, touched_at, utm)
SELECT outcome.lead_id, submission.source_id, lead.campaign_id, submission.id,
       CASE WHEN submission.is_history THEN submission.occurred_at
            ELSE COALESCE(submission.occurred_at, submission.received_at) END,
       told.utm
  FROM leads_submission submission
  JOIN leads_submissionbody body ON body.submission_id = submission.id
  JOIN LATERAL (
       SELECT jsonb_object_agg(fact.key, left(fact.value, 200)) AS utm
         FROM jsonb_each_text(
              CASE WHEN jsonb_typeof(body.payload) = 'object' THEN body.payload - 'utm' ELSE '{}' END
              || CASE WHEN jsonb_typeof(body.payload -> 'utm') = 'object' THEN body.payload -> 'utm' ELSE '{}' END
         ) fact
        WHERE fact.key IN ('utm_source', 'utm_medium', 'utm_campaign', 'utm_content', 'utm_term') AND fact.value <> ''
  ) told ON told.utm IS NOT NULL
  JOIN LATERAL (
       SELECT lead_id FROM leads_submissionoutcome outcome
        WHERE outcome.submission_id = submission.id AND outcome.lead_id IS NOT NULL ORDER BY outcome.id DESC LIMIT 1
  ) outcome ON true
  JOIN leads_lead lead ON lead.id = outcome.lead_id
ON CONFLICT (submission_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_money_is_whole_numbers"),
    ]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
