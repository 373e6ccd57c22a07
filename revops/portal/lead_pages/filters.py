"""The one filter of leads: the list, its export and the API use it, so that they can never disagree."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from feedback.models import Disposition, DispositionKind, ReasonCode
from leads.lifecycle import Stage
from leads.models import Lead, Source
from leads.searching import leads_named
from revops.foundation.kept_queries import KeptQuery
from revops.foundation.models import User
from revops.portal.lead_pages.visibility import searched_among
from scoring.models import Tier


class LeadFilter(django_filters.FilterSet):
    """Filters leads by where they stand, how good they are, whose they are, where they come from, and when."""

    q = django_filters.CharFilter(method="by_text", label=_("Name, e-mail or company"))
    stage = django_filters.MultipleChoiceFilter(choices=Stage.choices, label=_("Stage"), distinct=False)
    tier = django_filters.ChoiceFilter(
        field_name="score__tier", choices=Tier.choices, label=_("Tier"), empty_label=_("Any")
    )
    source = django_filters.ModelChoiceFilter(
        queryset=Source.objects.all(), to_field_name="key", label=_("Source"), empty_label=_("Any")
    )
    owner = django_filters.CharFilter(method="by_owner", label=_("Owner"))
    country = django_filters.CharFilter(method="by_country", max_length=2, label=_("Country"))
    received_from = django_filters.DateFilter(method="by_first_day", label=_("Received from"))
    received_to = django_filters.DateFilter(method="by_last_day", label=_("Received to"))
    rejected = django_filters.CharFilter(method="by_rejection", label=_("Rejected because"))
    is_history = django_filters.ChoiceFilter(
        method="by_history", choices=[("no", _("Live only")), ("yes", _("History only"))], label=_("History"),
        empty_label=_("All"),
    )  # fmt: skip

    class Meta:
        model = Lead
        fields: list[str] = []

    def __init__(self, *args: Any, user: Any = None, **kwargs: Any) -> None:
        """`user` is who asks: “me” as owner means them."""
        super().__init__(*args, **kwargs)
        self.user = user or getattr(self.request, "user", None)

    def by_text(self, leads: QuerySet[Lead], _name: str, text: str) -> QuerySet[Lead]:
        """People and companies that contain every word."""
        return leads.filter(leads_named(text, searched_among(self.user, leads))) if text.strip() else leads

    def by_owner(self, leads: QuerySet[Lead], _name: str, owner: str) -> QuerySet[Lead]:
        """“me”, “nobody”, or the e-mail address of somebody."""
        if owner == "nobody":
            return leads.filter(owner__isnull=True)
        return leads.filter(owner=self.user) if owner == "me" else leads.filter(owner__email=owner)

    def by_country(self, leads: QuerySet[Lead], _name: str, country: str) -> QuerySet[Lead]:
        code = country.strip().upper()
        return leads.filter(Q(person__country=code) | Q(person__country="", account__country=code))

    def by_first_day(self, leads: QuerySet[Lead], _name: str, day: date) -> QuerySet[Lead]:
        return leads.filter(received_at__gte=_midnight(day))

    def by_last_day(self, leads: QuerySet[Lead], _name: str, day: date) -> QuerySet[Lead]:
        return leads.filter(received_at__lt=_midnight(min(day, date(9000, 1, 1)) + timedelta(days=1)))

    def by_rejection(self, leads: QuerySet[Lead], _name: str, reason: str) -> QuerySet[Lead]:
        """“any”, a reason code, or a family of reasons; rejections that were taken back do not count."""
        rows = Disposition.objects.filter(
            ~Exists(Disposition.objects.filter(undoes=OuterRef("pk"))),
            lead=OuterRef("pk"),
            kind=DispositionKind.REJECTED,
        )
        if reason != "any":
            rows = rows.filter(Q(reason=reason) | Q(reason__family=reason))
        return leads.filter(Exists(rows))

    def by_history(self, leads: QuerySet[Lead], _name: str, which: str) -> QuerySet[Lead]:
        return leads.filter(is_history=which == "yes")


def _midnight(day: date) -> datetime:
    """The beginning of a day in the zone of whoever looks. No lead is older or younger than the bounds."""
    within = max(date(1900, 1, 1), min(day, date(9000, 1, 1)))
    return timezone.make_aware(datetime.combine(within, time()))


def owner_choices(user: Any) -> list[tuple[str, str]]:
    """Owners for the select of the list: me, nobody, and everybody who works leads. One query."""
    return [("", str(_("Anybody"))), ("me", str(_("Me"))), ("nobody", str(_("Nobody"))), *_OWNERS.fetch()]


def reason_choices() -> list[tuple[str, str]]:
    """Rejection reasons for the select of the list. One query."""
    codes = ((code, f"{family}: {label}") for code, family, label in _REASONS.fetch())
    return [("", str(_("–"))), ("any", str(_("Any reason"))), *codes]


def source_choices() -> list[tuple[str, str]]:
    """Sources for the select of the list. One query."""
    return [("", str(_("Any"))), *_SOURCES.fetch()]


_OWNERS = KeptQuery(
    User.objects.filter(is_active=True, role__in=["rep", "sales_manager"]).order_by("name").values_list("email", "name")
)
_REASONS = KeptQuery(ReasonCode.objects.values_list("code", "family__label", "label"))
_SOURCES = KeptQuery(Source.objects.values_list("key", "name"))
