"""Amounts become integers of the smallest unit of their currency; spend may name a campaign."""

import django.db.models.deletion
from django.db import migrations, models

TO_MINOR = """
UPDATE leads_spend SET amount_minor = round(amount * CASE
    WHEN currency IN ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF')
    THEN 1 WHEN currency IN ('BHD','IQD','JOD','KWD','LYD','OMR','TND') THEN 1000 ELSE 100 END)
"""
TO_MAJOR = """
UPDATE leads_spend SET amount = amount_minor::numeric / CASE
    WHEN currency IN ('BIF','CLP','DJF','GNF','ISK','JPY','KMF','KRW','PYG','RWF','UGX','UYI','VND','VUV','XAF','XOF','XPF')
    THEN 1 WHEN currency IN ('BHD','IQD','JOD','KWD','LYD','OMR','TND') THEN 1000 ELSE 100 END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0012_campaigns_assets_touches_and_exceptions"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="spend", name="spend_is_stated_once_a_month"),
        migrations.RemoveConstraint(model_name="spend", name="spend_is_not_negative"),
        migrations.AddField(
            model_name="spend",
            name="amount_minor",
            field=models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="spend",
            name="amount",
            field=models.DecimalField(decimal_places=2, default=0, max_digits=14),
        ),
        migrations.RunSQL(TO_MINOR, TO_MAJOR),
        migrations.RemoveField(model_name="spend", name="amount"),
        migrations.AddField(
            model_name="spend",
            name="campaign",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="spend",
                to="leads.campaign",
            ),
        ),
        migrations.AddConstraint(
            model_name="spend",
            constraint=models.UniqueConstraint(
                fields=["source", "campaign", "month_on", "currency"],
                nulls_distinct=False,
                name="spend_is_stated_once_a_month",
            ),
        ),
        migrations.AddConstraint(
            model_name="spend",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_minor__gte", 0)), name="spend_is_not_negative"
            ),
        ),
    ]
