"""No hand sets a tier: the current score has the tier of the decision it points to, and the database sees to it."""

from django.db import migrations

GUARD = """
CREATE FUNCTION guard_tier_of_score() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM scoring_scoredecision decision
         WHERE decision.id = NEW.decision_id AND decision.lead_id = NEW.lead_id AND decision.tier = NEW.tier) THEN
        RAISE EXCEPTION 'Tier % of lead % does not follow from its decision.', NEW.tier, NEW.lead_id
            USING ERRCODE = 'restrict_violation',
                  HINT = 'Tiers are derived. To overrule one, record an override with a reason and an end.';
    END IF;
    RETURN NULL;
END
$guard$;

CREATE TRIGGER no_hand_makes_tier_1 AFTER INSERT ON scoring_leadscore
    FOR EACH ROW WHEN (NEW.tier = 1) EXECUTE FUNCTION guard_tier_of_score();

CREATE TRIGGER no_hand_changes_a_tier AFTER UPDATE ON scoring_leadscore
    FOR EACH ROW WHEN (NEW.tier <> OLD.tier OR (NEW.tier = 1 AND NEW.decision_id <> OLD.decision_id))
    EXECUTE FUNCTION guard_tier_of_score();
"""
UNGUARD = """
DROP TRIGGER no_hand_makes_tier_1 ON scoring_leadscore;
DROP TRIGGER no_hand_changes_a_tier ON scoring_leadscore;
DROP FUNCTION guard_tier_of_score();
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0007_accounts_are_marked_for_another_look")]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
