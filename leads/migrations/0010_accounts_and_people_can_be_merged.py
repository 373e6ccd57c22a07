"""Tables and columns for merging what is the same, for proposals, subsidiaries, surges and what goes on inside."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import revops.foundation.ids


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0009_forms_consents_and_inbound_webhooks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountDynamics",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="dynamics",
                        serialize=False,
                        to="leads.account",
                    ),
                ),
                ("must_agree", models.CharField(blank=True, max_length=300)),
                ("blocker", models.CharField(blank=True, max_length=300)),
                ("next_on", models.DateField(blank=True, null=True)),
                ("next_what", models.CharField(blank=True, max_length=200)),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AccountMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "taken",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        help_text="Facts the survivor took over.",
                        size=None,
                    ),
                ),
                ("before", models.JSONField(default=dict, help_text="What an undo needs; never a fact of a person.")),
                ("merged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "moved_people",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "moved_leads",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "moved_children",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AccountProposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("score", models.SmallIntegerField(help_text="0 to 100: how sure matching is.")),
                ("reasons", models.JSONField(default=list)),
                (
                    "origin",
                    models.CharField(
                        choices=[("matching", "Found by matching"), ("sales", "Named by sales")],
                        default="matching",
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To decide"),
                            ("merged", "Merged"),
                            ("refused", "Not the same"),
                            ("moot", "No longer asked"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AccountSearch",
            fields=[
                (
                    "account",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="leads.account",
                    ),
                ),
                ("text", models.TextField(help_text="Name, normalised name and domain, folded.")),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("seen_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="AccountTask",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "people",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), help_text="Who was active, the most active first.", size=None
                    ),
                ),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=120), default=list, size=None
                    ),
                ),
                ("signals", models.PositiveIntegerField()),
                ("window_from", models.DateTimeField()),
                ("opened_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("done", "Done"), ("dismissed", "Dismissed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, help_text="What came of it.", max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name="PersonMerge",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "taken",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32),
                        default=list,
                        help_text="Facts the survivor took over.",
                        size=None,
                    ),
                ),
                ("before", models.JSONField(default=dict, help_text="What an undo needs; never a fact of a person.")),
                ("merged_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "moved_leads",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        default=list,
                        help_text="Leads that changed their person.",
                        size=None,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonProposal",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=revops.foundation.ids.new_id, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("score", models.SmallIntegerField(help_text="0 to 100: how sure matching is.")),
                ("reasons", models.JSONField(default=list)),
                (
                    "origin",
                    models.CharField(
                        choices=[("matching", "Found by matching"), ("sales", "Named by sales")],
                        default="matching",
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "To decide"),
                            ("merged", "Merged"),
                            ("refused", "Not the same"),
                            ("moot", "No longer asked"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="PersonSearch",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search",
                        serialize=False,
                        to="leads.person",
                    ),
                ),
                ("text", models.TextField(help_text="Name and address, folded.")),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        help_text="Digests: equal ones deserve a comparison.",
                        size=None,
                    ),
                ),
                ("seen_at", models.DateTimeField(help_text="The change of the person that this was written after.")),
            ],
        ),
        migrations.CreateModel(
            name="SurgeRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "people",
                    models.PositiveSmallIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(50),
                        ],
                    ),
                ),
                (
                    "signals",
                    models.PositiveSmallIntegerField(
                        default=4,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(500),
                        ],
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(90),
                        ],
                    ),
                ),
                ("set_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Sweep",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("reached_at", models.DateTimeField(help_text="Changes up to here were looked at.", null=True)),
            ],
        ),
        migrations.AddField(
            model_name="account",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The same company: this row only keeps another name or domain of it.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="aliases",
                to="leads.account",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="Who owns it.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="children",
                to="leads.account",
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="territory",
            field=models.CharField(blank=True, help_text="Empty: as the routing rules say.", max_length=80),
        ),
        migrations.AddField(
            model_name="lead",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_leads",
                to="leads.lead",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="also",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                blank=True,
                default=list,
                help_text="Everybody merged into this person, at any remove.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The same person: whoever finds this row goes on there.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_people",
                to="leads.person",
            ),
        ),
        migrations.AlterField(
            model_name="lead",
            name="withdrawn_at",
            field=models.DateTimeField(
                blank=True, help_text="Its import was undone, or it was merged; kept, not shown.", null=True
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    models.Q(("parent", models.F("id")), _negated=True),
                ),
                name="an_account_is_not_its_own_parent",
            ),
        ),
        migrations.AddConstraint(
            model_name="lead",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into__isnull", True), ("withdrawn_at__isnull", False), _connector="OR"),
                name="a_merged_lead_is_not_shown",
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_into", models.F("id")), _negated=True),
                name="a_person_is_not_merged_into_itself",
            ),
        ),
        migrations.AddField(
            model_name="accountdynamics",
            name="updated_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="accountmerge",
            name="merged",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="leads.account"),
        ),
        migrations.AddField(
            model_name="accountmerge",
            name="merged_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="accountmerge",
            name="survivor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="leads.account"
            ),
        ),
        migrations.AddField(
            model_name="accountmerge",
            name="undone_by",
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
            model_name="accountproposal",
            name="decided_by",
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
            model_name="accountproposal",
            name="first",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.account"),
        ),
        migrations.AddField(
            model_name="accountproposal",
            name="second",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.account"),
        ),
        migrations.AddField(
            model_name="accountmerge",
            name="proposal",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.accountproposal",
            ),
        ),
        migrations.AddIndex(
            model_name="accountsearch",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["text"], name="account_search_text", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="accountsearch",
            index=django.contrib.postgres.indexes.GinIndex(fields=["keys"], name="account_search_keys"),
        ),
        migrations.AddField(
            model_name="accounttask",
            name="account",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="leads.account"
            ),
        ),
        migrations.AddField(
            model_name="accounttask",
            name="closed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="accounttask",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="account_tasks",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="kept_lead",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merges",
                to="leads.lead",
            ),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="merged",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="leads.person"),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="merged_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="merged_lead",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merged_by",
                to="leads.lead",
            ),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="survivor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="merges", to="leads.person"
            ),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="undone_by",
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
            model_name="personproposal",
            name="decided_by",
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
            model_name="personproposal",
            name="first",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.person"),
        ),
        migrations.AddField(
            model_name="personproposal",
            name="second",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.person"),
        ),
        migrations.AddField(
            model_name="personmerge",
            name="proposal",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="leads.personproposal",
            ),
        ),
        migrations.AddIndex(
            model_name="personsearch",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["text"], name="person_search_text", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="personsearch",
            index=django.contrib.postgres.indexes.GinIndex(fields=["keys"], name="person_search_keys"),
        ),
        migrations.AddField(
            model_name="surgerule",
            name="set_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="accountdynamics",
            constraint=models.CheckConstraint(
                condition=models.Q(("next_what", ""), ("next_on__isnull", False), _connector="OR"),
                name="a_next_internal_step_has_a_date",
            ),
        ),
        migrations.AddIndex(
            model_name="accountproposal",
            index=models.Index(fields=["state", "-score", "id"], name="account_proposals"),
        ),
        migrations.AddConstraint(
            model_name="accountproposal",
            constraint=models.UniqueConstraint(
                fields=("first", "second"), name="a_pair_of_accounts_is_asked_about_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))), name="a_pair_of_accounts_has_one_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="accountproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "merged", "refused", "moot"])),
                name="a_proposal_of_accounts_has_a_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_decided_proposal_of_accounts_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 0), ("score__lte", 100)), name="a_score_of_accounts_is_0_to_100"
            ),
        ),
        migrations.AddIndex(
            model_name="accountmerge",
            index=models.Index(fields=["-merged_at", "-id"], name="account_merges"),
        ),
        migrations.AddConstraint(
            model_name="accountmerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("merged",),
                name="an_account_is_merged_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(("survivor", models.F("merged")), _negated=True),
                name="an_account_is_merged_into_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="accountmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="an_undone_merge_of_an_account_says_who",
            ),
        ),
        migrations.AddIndex(
            model_name="accounttask",
            index=models.Index(fields=["state", "-opened_at", "-id"], name="account_tasks"),
        ),
        migrations.AddIndex(
            model_name="accounttask",
            index=models.Index(fields=["account", "-opened_at"], name="tasks_of_an_account"),
        ),
        migrations.AddConstraint(
            model_name="accounttask",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "open")), fields=("account",), name="an_account_has_one_open_surge"
            ),
        ),
        migrations.AddConstraint(
            model_name="accounttask",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "done", "dismissed"])), name="an_account_task_has_a_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="accounttask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("closed_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("closed_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_closed_account_task_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="accounttask",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "dismissed"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_dismissed_task_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="personproposal",
            index=models.Index(fields=["state", "-score", "id"], name="person_proposals"),
        ),
        migrations.AddConstraint(
            model_name="personproposal",
            constraint=models.UniqueConstraint(fields=("first", "second"), name="a_pair_of_people_is_asked_about_once"),
        ),
        migrations.AddConstraint(
            model_name="personproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))), name="a_pair_of_people_has_one_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="personproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["open", "merged", "refused", "moot"])),
                name="a_proposal_of_people_has_a_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="personproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "open")),
                    models.Q(models.Q(("state", "open"), _negated=True), ("decided_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_decided_proposal_of_people_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="personproposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score__gte", 0), ("score__lte", 100)), name="a_score_of_people_is_0_to_100"
            ),
        ),
        migrations.AddIndex(
            model_name="personmerge",
            index=models.Index(fields=["-merged_at", "-id"], name="person_merges"),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("merged",),
                name="a_person_is_merged_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(("survivor", models.F("merged")), _negated=True),
                name="a_person_is_merged_into_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="personmerge",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="an_undone_merge_of_a_person_says_who",
            ),
        ),
        migrations.AddConstraint(
            model_name="surgerule",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__gte", 1), ("people__gte", 2), ("signals__gte", 2)),
                name="a_surge_takes_more_than_one",
            ),
        ),
    ]
