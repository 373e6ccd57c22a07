"""Every route of the API with an address that exists, for the tests that walk over all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from feedback.metrics import Week, organisation_zone
from leads.models import Account
from revops.foundation.api.views import ApiView
from revops.foundation.ids import encode
from revops.foundation.models import ApiKey, Job
from revops.portal.api.urls import resources
from scoring.models import Rulebook
from sla.models import Calendar, Clock


@dataclass(frozen=True)
class Route:
    """One method of one view at one address."""

    method: str
    pattern: str
    path: str
    view: type[ApiView]

    @property
    def permission(self) -> str | None:
        return self.view.permissions.get(self.method)

    @property
    def media_type(self) -> str:
        """What its bodies are sent as."""
        return str(self.view.parser_classes[0].media_type)

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


def every_route(house: Any, lead_id: str) -> list[Route]:
    """All routes; the ids in their addresses exist."""
    now = timezone.now()
    integration = house.people["integration"]
    key = ApiKey.objects.filter(owner=integration).first()
    names = {
        "lead": lead_id,
        "receipt": "sub_00000000000000000000000000",
        "rulebook": encode("rulebook", Rulebook.objects.get().pk),
        "clock": encode("clock", Clock.objects.first().pk),
        "agreement": "agreement_00000000000000000000000000",
        "calendar": encode("calendar", Calendar.objects.first().pk),
        "absence": "absence_00000000000000000000000000",
        "contest": "contest_00000000000000000000000000",
        "shadow": "shadow_00000000000000000000000000",
        "override": "override_00000000000000000000000000",
        "kind": "pricing_page_visit",
        "rule": "free_mail",
        "hook": "hook_00000000000000000000000000",
        "slug": "nothing",
        "campaign": "campaign_00000000000000000000000000",
        "asset": "no-such-asset",
        "batch": "spend_00000000000000000000000000",
        "code": "too_small",
        "outcome": "outcome_00000000000000000000000000",
        "clause": "follow_up",
        "finding": "finding_00000000000000000000000000",
        "month": "2026-01",
        "account": encode("account", Account.objects.first().pk),
        "task": "task_00000000000000000000000000",
        "of": "people",
        "match": "match_00000000000000000000000000",
        "merge": "merge_00000000000000000000000000",
        "privacy": "privacy_00000000000000000000000000",
        "retention": "messages",
        "week": Week.of(now, organisation_zone()).name,
        "user": encode("user", house.people["executive"].pk),
        "operation": encode("job", Job.objects.create(kind="import", created_by=integration, created_at=now).pk),
    }
    keys = {
        "metrics/": "acceptance_rate",
        "sources/": "website",
        "api_keys/": encode("key", key.pk) if key else "key_00000000000000000000000000",
    }
    return list(_routes(names, keys))


def _routes(names: dict[str, str], keys: dict[str, str]) -> Iterator[Route]:
    for entry in resources:
        pattern = str(entry.pattern)
        view = getattr(getattr(entry, "callback", None), "cls", None)
        if view is None or "imports" in pattern or "vettings" in pattern:
            continue  # files have tests of their own
        path = pattern
        for name, value in names.items():
            path = path.replace(f"<str:{name}>", value)
        for begin, value in keys.items():
            if path.startswith(begin):
                path = path.replace("<str:key>", value)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            if hasattr(view, method.lower()):
                yield Route(method, pattern, f"/api/v1/{path}", view)


BODIES: dict[str, dict[str, Any]] = {
    "sources/": {"key": "fair", "name": "Fair", "kind": "inbound", "state": "pilot", "readiness": "ready",
                 "allowed_tiers": [1, 2], "owner_id": "user_00000000000000000000000000", "note": "x"},
    "sources/<str:key>/": {"name": "Website", "state": "active", "allowed_tiers": [1, 2, 3], "note": "x"},
    "campaigns/": {"source": "website", "key": "spring", "name": "Spring", "kind": "social", "note": "x",
                   "starts_on": "2026-01-01", "ends_on": "2026-02-01", "utm_rules": [{"utm_campaign": "spring-*"}],
                   "budget": {"amount": "10.00", "currency": "EUR"}},
    "campaigns/<str:campaign>/": {"name": "Spring", "utm_rules": [{"utm_source": "x"}], "budget": None},
    "campaigns/<str:campaign>/take_up/": {"into_id": "campaign_00000000000000000000000000"},
    "campaigns/<str:campaign>/archive/": {},
    "campaigns/<str:campaign>/restore/": {},
    "assets/": {"key": "guide", "name": "Guide", "kind": "ebook", "topic": "x", "audience": "users",
                "level": "practice", "url_patterns": ["/guide*"], "cold_after_days": 91, "checks": ["title"]},
    "assets/<str:asset>/": {"name": "Guide", "url_patterns": ["/guide*"], "cold_after_days": 1},
    "assets/<str:asset>/archive/": {},
    "assets/<str:asset>/restore/": {},
    "spend/batch/": {"items": [{"source": "website", "campaign": "", "month": "2026-03",
                                "amount": {"amount": "1.00", "currency": "EUR"}}]},
    "spend/<str:batch>/undo/": {},
    "submissions/": {"source": "website", "email": "ada@acme-works.com", "employees": 10, "attributes": {"a": "b"},
                     "utm": {"utm_source": "x"}, "signals": [{"kind": "demo_request", "quantity": 1, "value": 1}],
                     "occurred_at": "2026-01-01T00:00:00Z", "do_not_contact": False, "timeline_on": "2026-01-01"},
    "submissions/batch/": {"source": "website", "items": [{"email": "ada@acme-works.com"}]},
    "submissions/stream/": {"source": "website", "client_ref": "1", "email": "ada@acme-works.com", "employees": 10,
                            "signals": [{"kind": "demo_request"}], "occurred_at": "2026-01-01T00:00:00Z"},
    "signals/": {"source": "website", "email": "ada@acme-works.com", "kind": "demo_request", "event_id": "e",
                 "quantity": 1, "value": 1, "occurred_at": "2026-01-01T00:00:00Z", "url": "https://x.com"},
    "signals/batch/": {"source": "website", "items": [{"email": "ada@acme-works.com", "kind": "demo_request"}]},
    "leads/<str:lead>/accept/": {"note": "", "user_id": "user_00000000000000000000000000"},
    "leads/<str:lead>/reject/": {"reason_code": "x", "evidence": "y", "note": "z"},
    "leads/<str:lead>/snooze/": {"until": "2026-12-31T00:00:00Z", "reason": "x"},
    "leads/<str:lead>/return_to_nurture/": {"note": "x", "track": "learn", "wakes_on": "2030-01-01"},
    "leads/<str:lead>/reopen/": {"user_id": "user_00000000000000000000000000"},
    "agreements/": {"summary": "x", "calendar_id": "calendar_00000000000000000000000000", "review_on": "2027-01-01",
                    "takes_effect_on": "2026-12-31", "numbers": [{"code": "volume", "number": "10"}]},
    "agreements/<str:agreement>/": {"summary": "x", "calendar_id": "calendar_00000000000000000000000000",
                                    "review_on": "2027-01-01", "takes_effect_on": "2026-12-31",
                                    "numbers": [{"code": "volume", "number": "10"}]},
    "routing/rules/": {"note": "x", "rules": [{"key": "a", "name": "A", "is_on": True, "when": {"country": ["DE"],
                       "employees": {"at_least": 1, "at_most": 9}, "tier": ["1"]}, "team_ids": [], "user_ids": [],
                       "otherwise": "next"}]},
    "ladder/": {"steps": [{"action": "remind", "after": 50}], "most_moves": 1},
    "routing/dry_run/": {"lead_ids": ["lead_00000000000000000000000000"]},
    "routing/unrouted/route/": {"handoff_ids": ["handoff_00000000000000000000000000"]},
    "calendars/": {"name": "x", "zone": "UTC", "week": {"mon": [["09:00", "17:00"]]}, "country": "DE", "region": "",
                   "own_days": [{"on": "2026-12-24", "name": "x", "windows": [["09:00", "12:00"]]}]},
    "calendars/<str:calendar>/": {"zone": "UTC", "week": {"mon": [["09:00", "17:00"]]}, "country": "DE", "region": "",
                                  "own_days": [{"on": "2026-12-24", "name": "x", "windows": [["09:00", "12:00"]]}]},
    "absences/": {"user_id": "user_00000000000000000000000000", "starts_at": "2026-12-31T00:00:00Z",
                  "ends_at": "2027-01-02T00:00:00Z", "kind": "leave"},
    "absences/<str:absence>/": {"starts_at": "2026-12-31T00:00:00Z", "ends_at": "2027-01-02T00:00:00Z",
                                "kind": "leave"},
    "users/<str:user>/deactivate/": {"how": "heir", "heir_id": "user_00000000000000000000000000", "preview": True},
    "accounts/<str:account>/": {"name": "x", "domain": "acme-works.com", "industry": "y", "employees": 1,
                                "country": "DE", "territory": "z", "owner_id": "user_00000000000000000000000000",
                                "parent_id": "account_00000000000000000000000000",
                                "inside": {"must_agree": "x", "blocker": "y", "next_on": "2030-01-01",
                                           "next_what": "z"}},
    "account_tasks/<str:task>/close/": {"state": "done", "note": "x"},
    "matches/<str:of>/<str:match>/merge/": {"keep": "first", "take": ["name"]},
    "matches/<str:of>/<str:match>/refuse/": {},
    "merges/<str:of>/<str:merge>/undo/": {},
    "attempts/": {"lead_id": "lead_00000000000000000000000000", "channel": "call", "result": "no_answer",
                  "occurred_at": "2026-01-01T00:00:00Z", "note": "x", "event_id": "y"},
    "outcomes/": {"email": "ada@acme-works.com", "kind": "won", "occurred_at": "2026-01-01T00:00:00Z",
                  "amount": {"amount": "1.00", "currency": "EUR"}, "reason": "x", "deal_id": "y", "deal_stage": "z"},
    "outcomes/<str:outcome>/restate/": {"amount": {"amount": "1.00", "currency": "EUR"}, "reason": "x",
                                        "occurred_at": "2026-01-01T00:00:00Z", "deal_stage": "z"},
    "outcomes/<str:outcome>/withdraw/": {"reason": "x"},
    "reason_codes/": {"code": "x", "label": "Has no server room", "family": "fit", "key": 7, "evidence_kind": "text",
                      "evidence_question": "What do they have?", "root_cause": "rules", "mended_by": "marketing",
                      "consequence": "x", "criterion": "x", "gives_turn_back": True, "wakes_after_days": 30},
    "reason_codes/<str:code>/": {"label": "Company is far too small", "in_use": True, "key": 1},
    "hygiene_rules/test/": {"email": "ada@acme-works.com", "company": "Acme"},
    "hygiene_rules/<str:rule>/": {"action": "flag", "is_active": True, "terms": ["x.com"], "allowed": ["y"],
                                  "reason": "z"},
    "bounced_addresses/": {"items": [{"email": "ada@acme-works.com", "bounced_at": "2026-01-01T00:00:00Z"}]},
    "contests/": {"about": "score", "lead_id": "lead_00000000000000000000000000", "wrong": "wrong_fact", "words": "x",
                  "key": "y", "clock_id": "clock_00000000000000000000000000",
                  "user_id": "user_00000000000000000000000000"},
    "rulebooks/": {"name": "x", "summary": "y", "review_by_on": "2030-01-01", "preset": "enquiries_only"},
    "rulebooks/<str:rulebook>/": {"name": "x", "summary": "y", "review_by_on": "2030-01-01", "definition": {}},
    "rulebooks/lint/": {"definition": {}},
    "rulebooks/<str:rulebook>/discard/": {"reason": "x"},
    "rulebooks/<str:rulebook>/request_review/": {"summary": "x"},
    "shadow_runs/": {"rulebook_id": "live", "days": 7},
    "shadow_runs/<str:shadow>/end/": {"end": "dropped", "note": "x"},
    "backtests/flips/": {"rulebook_id": "live", "against_id": "live", "offset": 0, "limit": 10},
    "backtests/": {"rulebook_id": "live", "against_id": "live", "first_on": "2026-01-01", "last_on": "2026-02-01",
                   "source_id": "source_00000000000000000000000000", "mode": "sample",
                   "user_id": "user_00000000000000000000000000"},
    "leads/<str:lead>/reason_marks/": {"rule": "decision_maker", "is_helpful": True,
                                       "user_id": "user_00000000000000000000000000"},
    "overrides/": {"lead_id": "lead_00000000000000000000000000", "tier": 1, "reason": "x", "days": 7},
    "overrides/<str:override>/end/": {},
    "signal_kinds/<str:kind>/verdicts/": {"is_proven": True, "reason": "x"},
    "pool/next/": {"user_id": "user_00000000000000000000000000"},
    "leads/<str:lead>/nurture/": {"track": "learn"},
    "leads/<str:lead>/nurture/stop/": {"reason": "x"},
    "findings/<str:finding>/answer/": {"answer": "The list had no budget holders."},
    "performance/<str:month>/": {"note": "x"},
    "reviews/<str:week>/attendance/": {"user_ids": ["user_00000000000000000000000000"]},
    "forms/": {"slug": "fair", "title": "Fair", "intro": "x", "source": "website", "act": "demo_request", "topic": "x",
               "campaign": "x", "questions": [{"name": "email", "required": True}], "consent_text": "x",
               "consent_is_required": True, "consent_purpose": "news", "needs_confirmation": True, "confirm_days": 3,
               "asks_next": False, "thanks": "x", "redirect_url": "https://example.com/", "allowed_sites": ["*"]},
    "forms/<str:slug>/": {"title": "Fair", "questions": [{"name": "email", "required": True}], "allowed_sites": []},
    "forms/<str:slug>/copy/": {},
    "forms/<str:slug>/publish/": {},
    "forms/<str:slug>/archive/": {},
    "inbound_webhooks/": {"name": "x", "source": "website", "scheme": "hmac", "unpacks": False, "is_active": True,
                          "mapping": [{"target": "email", "pointer": "/email"}], "id_pointer": "/id",
                          "items_pointer": "", "signature_header": "X-Sign", "secret": "0123456789abcdef"},
    "inbound_webhooks/<str:hook>/": {"name": "x", "is_active": False, "mapping": []},
    "inbound_webhooks/<str:hook>/rotate/": {"overlap": "P1D"},
    "inbound_webhooks/<str:hook>/replay/": {"delivery_ids": ["delivery_00000000000000000000000000"]},
    "consents/": {"email": "ada@acme-works.com", "purpose": "news", "text": "You may.", "source": "website",
                  "lead_id": "lead_00000000000000000000000000", "occurred_at": "2026-01-01T00:00:00Z", "note": "x"},
    "consents/withdraw/": {"email": "ada@acme-works.com", "purposes": ["news"], "note": "x"},
    "privacy_requests/": {"kind": "erase", "about": "nobody@acme-works.com", "asked_on": "2026-01-01", "note": "x",
                          "keeps_silence": True},
    "privacy_requests/<str:privacy>/erase/": {},
    "privacy_requests/<str:privacy>/close/": {"answer": "Handed over by post."},
    "privacy_requests/<str:privacy>/refuse/": {"answer": "We could not tell who they are."},
    "retention_rules/<str:retention>/": {"days": 90, "is_active": True},
    "api_keys/": {"name": "x", "owner_id": "user_00000000000000000000000000", "scopes": ["leads:read"],
                  "expires_at": "2027-01-01T00:00:00Z", "requests_per_minute": 10},
    "api_keys/<str:key>/rotate/": {"overlap": "P1D"},
    "api_keys/<str:key>/revoke/": {},
    "operations/<str:operation>/cancel/": {},
}  # fmt: skip
"""A body of the right shape for every write; where lines are sent, one line."""
