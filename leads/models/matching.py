"""What may be the same: proposals that a person decides, merges that can be undone, and what finds them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import encode, new_id


class ProposalState(models.TextChoices):
    OPEN = "open", _("To decide")
    MERGED = "merged", _("Merged")
    REFUSED = "refused", _("Not the same")
    MOOT = "moot", _("No longer asked")


class ProposalOrigin(models.TextChoices):
    MATCHING = "matching", _("Found by matching")
    SALES = "sales", _("Named by sales")


class Proposal(models.Model):
    """A question: are these two the same? Asked once for each pair; `reasons` are codes, never facts of a person."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    score = models.SmallIntegerField(help_text=_("0 to 100: how sure matching is."))
    reasons = models.JSONField(default=list)
    origin = models.CharField(max_length=8, choices=ProposalOrigin, default=ProposalOrigin.MATCHING)
    state = models.CharField(max_length=8, choices=ProposalState, default=ProposalState.OPEN)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        abstract = True


def _rules_of_pairs(of: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(fields=["first", "second"], name=f"a_pair_of_{of}_is_asked_about_once"),
        models.CheckConstraint(condition=Q(first__lt=F("second")), name=f"a_pair_of_{of}_has_one_order"),
        models.CheckConstraint(condition=Q(state__in=ProposalState.values), name=f"a_proposal_of_{of}_has_a_state"),
        models.CheckConstraint(
            condition=Q(state="open", decided_at__isnull=True) | (~Q(state="open") & Q(decided_at__isnull=False)),
            name=f"a_decided_proposal_of_{of}_says_when",
        ),
        models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name=f"a_score_of_{of}_is_0_to_100"),
    ]


class PersonProposal(Proposal):
    """Two people who may be one."""

    first = models.ForeignKey("leads.Person", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("leads.Person", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = _rules_of_pairs("people")
        indexes = [models.Index(fields=["state", "-score", "id"], name="person_proposals")]

    @property
    def public_id(self) -> str:
        return encode("match", self.id)


class AccountProposal(Proposal):
    """Two accounts that may be one."""

    first = models.ForeignKey("leads.Account", on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey("leads.Account", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = _rules_of_pairs("accounts")
        indexes = [models.Index(fields=["state", "-score", "id"], name="account_proposals")]

    @property
    def public_id(self) -> str:
        return encode("match", self.id)


class Merge(models.Model):
    """A reversible link. What was chosen is kept as names: the values were swapped, so undoing swaps them back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    taken = ArrayField(models.CharField(max_length=32), default=list, help_text=_("Facts the survivor took over."))
    before = models.JSONField(default=dict, help_text=_("What an undo needs; never a fact of a person."))
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return encode("merge", self.id)


def _rules_of_merges(of: str) -> list[models.BaseConstraint]:
    return [
        models.UniqueConstraint(
            fields=["merged"], condition=Q(undone_at__isnull=True), name=f"{of}_is_merged_once_at_a_time"
        ),
        models.CheckConstraint(condition=~Q(survivor=F("merged")), name=f"{of}_is_merged_into_another"),
        models.CheckConstraint(
            condition=Q(undone_at__isnull=True, undone_by__isnull=True)
            | Q(undone_at__isnull=False, undone_by__isnull=False),
            name=f"an_undone_merge_of_{of}_says_who",
        ),
    ]


class PersonMerge(Merge):
    """One person into another; with them their open lead into the other's, if both have one."""

    survivor = models.ForeignKey("leads.Person", on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey("leads.Person", on_delete=models.PROTECT, related_name="+")
    proposal = models.ForeignKey(PersonProposal, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    kept_lead = models.ForeignKey(
        "leads.Lead", null=True, blank=True, on_delete=models.PROTECT, related_name="merges", db_index=True
    )
    merged_lead = models.ForeignKey(
        "leads.Lead", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_by"
    )
    moved_leads = ArrayField(models.UUIDField(), default=list, help_text=_("Leads that changed their person."))

    class Meta:
        constraints = _rules_of_merges("a_person")
        indexes = [models.Index(fields=["-merged_at", "-id"], name="person_merges")]


class AccountMerge(Merge):
    """One account into another, with its people, leads and subsidiaries."""

    survivor = models.ForeignKey("leads.Account", on_delete=models.PROTECT, related_name="merges")
    merged = models.ForeignKey("leads.Account", on_delete=models.PROTECT, related_name="+")
    proposal = models.ForeignKey(AccountProposal, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    moved_people = ArrayField(models.UUIDField(), default=list)
    moved_leads = ArrayField(models.UUIDField(), default=list)
    moved_children = ArrayField(models.UUIDField(), default=list)

    class Meta:
        constraints = _rules_of_merges("an_account")
        indexes = [models.Index(fields=["-merged_at", "-id"], name="account_merges")]


class PersonSearch(models.Model):
    """What a search and the matching find a person by. Derived: the sweep writes it, erasing removes it."""

    person = models.OneToOneField("leads.Person", primary_key=True, on_delete=models.CASCADE, related_name="search")
    text = models.TextField(help_text=_("Name and address, folded."))
    keys = ArrayField(models.BigIntegerField(), default=list, help_text=_("Digests: equal ones deserve a comparison."))
    seen_at = models.DateTimeField(help_text=_("The change of the person that this was written after."))

    class Meta:
        indexes = [
            GinIndex(fields=["text"], opclasses=["gin_trgm_ops"], name="person_search_text"),
            GinIndex(fields=["keys"], name="person_search_keys", fastupdate=False),
        ]


class AccountSearch(models.Model):
    """What a search and the matching find an account by."""

    account = models.OneToOneField("leads.Account", primary_key=True, on_delete=models.CASCADE, related_name="search")
    text = models.TextField(help_text=_("Name, normalised name and domain, folded."))
    keys = ArrayField(models.BigIntegerField(), default=list)
    seen_at = models.DateTimeField()

    class Meta:
        indexes = [
            GinIndex(fields=["text"], opclasses=["gin_trgm_ops"], name="account_search_text"),
            GinIndex(fields=["keys"], name="account_search_keys", fastupdate=False),
        ]


class Sweep(models.Model):
    """How far a sweep over changed rows has come; its row is its lock."""

    name = models.CharField(max_length=32, primary_key=True)
    reached_at = models.DateTimeField(null=True, help_text=_("Changes up to here were looked at."))
