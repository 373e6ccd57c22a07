"""The rejection reasons that ship with the product."""

from django.db import migrations

from feedback.starter_reasons import FAMILIES, REASONS


def add_reasons(apps, schema_editor):
    families = apps.get_model("feedback", "ReasonFamily").objects
    families.bulk_create(
        [families.model(code=code, label=label, digit=digit) for code, label, digit in FAMILIES], ignore_conflicts=True
    )
    codes = apps.get_model("feedback", "ReasonCode").objects
    codes.bulk_create(
        [
            codes.model(
                code=reason.code,
                family_id=reason.family,
                label=reason.label,
                digit=reason.digit,
                evidence_kind=reason.evidence_kind,
                evidence_question=reason.question,
                root_cause=reason.root_cause,
                mended_by=reason.mended_by,
                consequence=reason.consequence,
                wakes_days_before=reason.wakes_days_before,
                criterion=reason.criterion,
                is_creditable=reason.is_creditable,
            )
            for reason in REASONS
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_answers_are_only_added")]

    operations = [migrations.RunPython(add_reasons, migrations.RunPython.noop)]
