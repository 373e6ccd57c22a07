"""Accounts: the list, one of them, its timeline and buying group, and the surges."""

from __future__ import annotations

import zlib
from typing import Any, ClassVar

import orjson
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from leads.account_changes import change_account, describe_inside, read_domain
from leads.merging.people import MergeRefused
from leads.models import Account, AccountTask, TaskState
from leads.names import country_code
from leads.surges import close_task
from revops.foundation.api.etags import check_if_match
from revops.foundation.api.pagination import Sort, parameter_error
from revops.foundation.api.problems import ProblemError
from revops.foundation.api.schema import paged
from revops.foundation.api.serializers import InstantField, PublicIdField, Serializer
from revops.foundation.api.views import ApiView
from revops.foundation.models import Role, User
from revops.portal.accounts.group import group_of
from revops.portal.accounts.listing import AccountFilter
from revops.portal.accounts.timeline import SHOWN, account_timeline
from revops.portal.accounts.visibility import account_or_404, accounts_for
from revops.portal.api.account_facts import (
    ACCOUNT_COLUMNS,
    TASK_COLUMNS,
    AccountDetailSerializer,
    AccountTaskSerializer,
    InsideSerializer,
    shown_accounts,
    shown_task,
)
from revops.portal.api.leads import EventSerializer
from revops.portal.api.who import asker, decode_or_404, refused, shows_persons, visible_leads
from revops.portal.back_office import note
from scoring.accounts import mark_accounts

_TIMELINE_SALT = "api.account_timeline"


class AccountChangeSerializer(Serializer):
    """JSON merge patch: what is left out stays, null clears."""

    name = serializers.CharField(max_length=300, required=False)
    domain = serializers.CharField(max_length=255, required=False, allow_null=True)
    industry = serializers.CharField(max_length=120, required=False, allow_null=True)
    employees = serializers.IntegerField(min_value=1, max_value=2_000_000_000, required=False, allow_null=True)
    country = serializers.CharField(max_length=60, required=False, allow_null=True)
    territory = serializers.CharField(max_length=80, required=False, allow_null=True)
    owner_id = PublicIdField("user", required=False, allow_null=True)
    parent_id = PublicIdField("account", required=False, allow_null=True)
    inside = InsideSerializer(required=False)


class GroupMemberSerializer(Serializer):
    person_id = PublicIdField("person")
    name = serializers.CharField(allow_null=True, help_text="Null without people:pii.")
    title = serializers.CharField(allow_null=True)
    role = serializers.CharField(allow_null=True)
    is_stated = serializers.BooleanField(help_text="False: only read from the title.")
    lead_id = PublicIdField("lead", allow_null=True)
    acts = serializers.IntegerField()
    last_act_at = InstantField(allow_null=True)


class UsualRoleSerializer(Serializer):
    role = serializers.CharField()
    count = serializers.IntegerField(help_text="Won accounts that had it.")
    share = serializers.FloatField()
    low = serializers.FloatField(help_text="95 % interval of the share.")
    high = serializers.FloatField()
    is_usual = serializers.BooleanField()
    is_missing = serializers.BooleanField()


class BuyingGroupSerializer(Serializer):
    n = serializers.IntegerField(help_text="Won accounts that the roles were learned from.")
    is_too_few = serializers.BooleanField(help_text="Then nothing is called usual or missing.")
    usual_roles = UsualRoleSerializer(many=True)
    members = GroupMemberSerializer(many=True)


class AccountEventSerializer(EventSerializer):
    """One event of any lead of the account; `by` is empty without people:pii."""


class AccountTaskCloseSerializer(Serializer):
    state = serializers.ChoiceField(choices=["done", "dismissed"])
    note = serializers.CharField(max_length=300, allow_blank=True, required=False, help_text="Needed to dismiss it.")


class AccountListView(ApiView):
    """Accounts, the newest first; the same filter as the page."""

    permissions = {"GET": "accounts.view"}
    filterset_class = AccountFilter
    sorts: ClassVar[dict[str, Sort | str]] = {"id": "pk", "name": "name", "updated_at": "updated_at"}
    usual_sort = "-id"

    @extend_schema(responses=paged(AccountDetailSerializer))
    def get(self, request: Request) -> Response:
        return self.page(accounts_for(request.user).values(*ACCOUNT_COLUMNS), shown_accounts)


class AccountView(ApiView):
    """One account; the id of a merged one finds the account it goes on in."""

    permissions = {"GET": "accounts.view", "PATCH": "accounts.edit"}

    @extend_schema(responses=AccountDetailSerializer)
    def get(self, request: Request, account: str) -> Response:
        found = account_or_404(request.user, account)
        return self.versioned(_detail(found, request), _version(found))

    @extend_schema(request=AccountChangeSerializer, responses=AccountDetailSerializer)
    def patch(self, request: Request, account: str) -> Response:
        found, now, user = account_or_404(request.user, account), timezone.now(), asker(request)
        form = AccountChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        check_if_match(request, _version(found))
        said = dict(form.validated_data)
        inside = said.pop("inside", None)
        try:
            with transaction.atomic():
                changed = change_account(found, _facts(said, request), now=now)
                if inside is not None:
                    _describe(found, inside, user, now)
                    changed.append("inside")
                if changed:
                    mark_accounts(list(found.leads.values_list("pk", flat=True)[:1]))
                    note(user, "account.changed", found, now, after={"changed": changed})
        except MergeRefused as problem:
            raise ProblemError("conflict", str(problem)) from problem
        found = account_or_404(request.user, found.public_id)
        return self.versioned(_detail(found, request), _version(found))


class AccountTimelineView(ApiView):
    """What all people of the account did, and what was done with them, the newest first."""

    permissions = {"GET": "accounts.view"}
    query_parameters = frozenset({"kind", "cursor"})

    @extend_schema(responses=paged(AccountEventSerializer))
    def get(self, request: Request, account: str) -> Response:
        found, kind = account_or_404(request.user, account), request.query_params.get("kind", "")
        if kind and kind not in SHOWN:
            raise parameter_error("kind", "unknown_kind", _("kind is one of %(names)s.") % {"names": ", ".join(SHOWN)})
        signer = signing.Signer(salt=f"{_TIMELINE_SALT}.{found.pk}.{kind}")
        try:
            given = request.query_params.get("cursor")
            cursor = signer.unsign(given) if given is not None else ""
        except signing.BadSignature:
            words = _("Use next_cursor exactly as it came, with the same kind. Or start without cursor.")
            raise ProblemError("invalid_cursor", words) from None
        timeline = account_timeline(found, visible_leads(request), cursor, kind, 50)
        following = signer.sign(timeline.older) if timeline.older else None
        has_text = shows_persons(request)
        return Response(
            {
                "data": [
                    {
                        "at": one.at,
                        "title": str(one.title),
                        "text": one.text if has_text else "",
                        "by": one.by if has_text else "",
                    }
                    for one in timeline.events
                ],
                "has_more": following is not None,
                "next_cursor": following,
                "next_url": f"{request.path}?kind={kind}&cursor={following}" if following else None,
            }
        )


class AccountGroupView(ApiView):
    """The buying group: who has which part, and what won deals had that this account has not."""

    permissions = {"GET": "accounts.view"}

    @extend_schema(responses=BuyingGroupSerializer)
    def get(self, request: Request, account: str) -> Response:
        group, has_persons = group_of(account_or_404(request.user, account)), shows_persons(request)
        here = {one.role.role for one in group.members if one.role}
        usual = group.template.usual
        document = {
            "n": group.template.n,
            "is_too_few": group.template.is_too_few,
            "usual_roles": [
                {
                    "role": one.role.value, "count": one.count, "share": round(one.share, 4),
                    "low": round(one.interval.low, 4) if one.interval else 0.0,
                    "high": round(one.interval.high, 4) if one.interval else 1.0,
                    "is_usual": one.role in usual, "is_missing": one.role in usual and one.role not in here,
                }
                for one in group.template.learned
            ],
            "members": [
                {
                    "person_id": one.person.pk, "name": one.person.name if has_persons else None,
                    "title": one.person.title if has_persons else None,
                    "role": one.role.role.value if one.role else None,
                    "is_stated": bool(one.role and one.role.is_stated), "lead_id": one.lead.pk if one.lead else None,
                    "acts": one.acts, "last_act_at": one.last_at,
                }
                for one in group.members
            ],
        }  # fmt: skip
        return Response(BuyingGroupSerializer(document).data)


class AccountTaskFilter(FilterSet):
    state = ChoiceFilter(choices=TaskState.choices)
    owner = CharFilter(method="by_owner")

    def by_owner(self, tasks: QuerySet[AccountTask], _name: str, owner: str) -> QuerySet[AccountTask]:
        """“nobody”, or the e-mail address of somebody."""
        return tasks.filter(owner__isnull=True) if owner == "nobody" else tasks.filter(owner__email=owner)


class AccountTaskListView(ApiView):
    """Surges: accounts where several people became active at once."""

    permissions = {"GET": "accounts.view"}
    filterset_class = AccountTaskFilter
    sorts: ClassVar[dict[str, Sort | str]] = {"opened_at": "opened_at", "id": "pk"}
    usual_sort = "-opened_at"

    @extend_schema(responses=paged(AccountTaskSerializer))
    def get(self, request: Request) -> Response:
        tasks = AccountTask.objects.filter(account__in=accounts_for(request.user))
        return self.page(tasks.values(*TASK_COLUMNS), lambda rows: [shown_task(row) for row in rows])


class AccountTaskCloseView(ApiView):
    """Say what came of a surge. The first answer counts."""

    permissions = {"POST": "accounts.edit"}

    @extend_schema(request=AccountTaskCloseSerializer, responses=AccountTaskSerializer)
    def post(self, request: Request, task: str) -> Response:
        tasks = AccountTask.objects.filter(account__in=accounts_for(request.user))
        found = tasks.filter(pk=decode_or_404("task", task)).first()
        if found is None:
            raise Http404
        form = AccountTaskCloseSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said, now = form.validated_data, timezone.now()
        words = said.get("note", "").strip()
        if said["state"] == TaskState.DISMISSED and not words:
            raise refused("/note", "required", _("Say why it is no surge: the rule is tuned by that."))
        if not close_task(found, TaskState(said["state"]), words, asker(request), now=now):
            raise ProblemError("conflict", _("Somebody was quicker: it is closed already."))
        note(asker(request), f"account_task.{said['state']}", found, now)
        found.refresh_from_db()
        return Response(shown_task({name: getattr(found, name) for name in TASK_COLUMNS}))


def _detail(account: Account, request: Request) -> dict[str, Any]:
    dynamics = getattr(account, "dynamics", None)
    inside = InsideSerializer(dynamics).data if dynamics is not None and shows_persons(request) else None
    (shown,) = shown_accounts([{name: getattr(account, name) for name in ACCOUNT_COLUMNS}])
    return shown | {"inside": inside}


def _version(account: Account) -> int:
    """Differs whenever somebody changed the account or what goes on inside."""
    dynamics = getattr(account, "dynamics", None)
    return zlib.crc32(orjson.dumps([account.updated_at, dynamics.updated_at if dynamics else None]))


def _facts(said: dict[str, Any], request: Request) -> dict[str, Any]:
    """The change in the words of the account. Raises validation_error for what names nothing."""
    facts: dict[str, Any] = {name: said[name] or "" for name in ("name", "industry", "territory") if name in said}
    facts |= {name: said[name] for name in ("employees", "owner_id") if name in said}
    if "domain" in said:
        facts["domain"] = read_domain(said["domain"]) or None if said["domain"] else None
        if said["domain"] and not facts["domain"]:
            raise refused("/domain", "invalid_domain", _("Write the company's own domain, like acme.com."))
    if "country" in said:
        facts["country"] = country_code(said["country"]) if said["country"] else ""
        if said["country"] and not facts["country"]:
            raise refused("/country", "unknown_country", _("Write a country we know, like DE or Germany."))
    reps = User.objects.filter(is_active=True, role__in=[Role.REP, Role.SALES_MANAGER])
    if facts.get("owner_id") and not reps.filter(pk=facts["owner_id"]).exists():
        raise refused("/owner_id", "unknown_user", _("Nobody active who works leads has this id."))
    if "parent_id" in said:
        facts["parent"] = accounts_for(request.user).filter(pk=said["parent_id"]).first() if said["parent_id"] else None
        if said["parent_id"] and facts["parent"] is None:
            raise refused("/parent_id", "unknown_account", _("There is no such account."))
    return facts


def _describe(account: Account, inside: dict[str, Any], user: User, now: Any) -> None:
    known = getattr(account, "dynamics", None)
    had = {name: getattr(known, name, None) for name in ("must_agree", "blocker", "next_on", "next_what")}
    facts = {**had, **inside}
    if facts["next_what"] and not facts["next_on"]:
        raise refused("/inside/next_on", "required", _("Say on which day, or leave both empty."))
    describe_inside(
        account, must_agree=facts["must_agree"] or "", blocker=facts["blocker"] or "", next_on=facts["next_on"],
        next_what=facts["next_what"] or "", by=user, now=now,
    )  # fmt: skip
