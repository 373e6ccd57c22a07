"""Balances of turns stand in one row; the database stamps whatever routing keeps in memory; traces pack balances."""

import django.contrib.postgres.fields
from django.db import migrations, models
from django.db.models import F, Q

MOVE = """
INSERT INTO sla_turnbalances (id, people, balances, updated_at)
SELECT 1, array_agg(user_id ORDER BY user_id), array_agg(balance ORDER BY user_id), max(updated_at)
FROM sla_routingbalance HAVING count(*) > 0
"""
MOVE_BACK = """
INSERT INTO sla_routingbalance (user_id, balance, updated_at)
SELECT person.user_id, person.balance, sla_turnbalances.updated_at
FROM sla_turnbalances CROSS JOIN LATERAL unnest(people, balances) AS person (user_id, balance)
"""
STAMP = """
INSERT INTO sla_rosterstamp (id, stamp) VALUES (1, uuidv7());
CREATE FUNCTION stamp_roster() RETURNS trigger LANGUAGE plpgsql AS $stamp$
BEGIN
    INSERT INTO sla_rosterstamp (id, stamp) VALUES (1, uuidv7())
    ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
    RETURN NULL;
END
$stamp$;
CREATE TRIGGER stamps_the_roster AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla_repprofile
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_roster();
CREATE TRIGGER stamps_the_roster AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla_absence
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_roster();
CREATE TRIGGER stamps_the_roster AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla_calendarversion
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_roster();
CREATE TRIGGER stamps_the_roster AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sla_routingrules
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_roster();
CREATE TRIGGER stamps_the_roster AFTER UPDATE OF is_active, team_id ON foundation_user
    FOR EACH STATEMENT EXECUTE FUNCTION stamp_roster();
"""
NO_STAMP = """
DROP TRIGGER stamps_the_roster ON foundation_user;
DROP TRIGGER stamps_the_roster ON sla_routingrules;
DROP TRIGGER stamps_the_roster ON sla_calendarversion;
DROP TRIGGER stamps_the_roster ON sla_absence;
DROP TRIGGER stamps_the_roster ON sla_repprofile;
DROP FUNCTION stamp_roster();
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0008_the_ladder_knows_when_to_look_again")]

    operations = [
        migrations.CreateModel(
            name="RosterStamp",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False),
                ),
                ("stamp", models.UUIDField()),
            ],
            options={"constraints": [models.CheckConstraint(condition=Q(id=1), name="there_is_one_stamp")]},
        ),
        migrations.CreateModel(
            name="TurnBalances",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "people",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "balances",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(id=1), name="all_balances_stand_in_one_row"),
                    models.CheckConstraint(
                        condition=Q(people__len=F("balances__len")), name="everybody_has_one_balance"
                    ),
                ]
            },
        ),
        migrations.AddField("assignment", "owed", models.BinaryField(null=True)),
        migrations.RunSQL(MOVE, MOVE_BACK),
        migrations.RunSQL(STAMP, NO_STAMP),
        migrations.DeleteModel("RoutingBalance"),
    ]
