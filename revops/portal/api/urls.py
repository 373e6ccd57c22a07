"""The addresses of the API, one line per resource. Mounted under /api/."""

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path, re_path

from revops.foundation.api.views import NotFoundView
from revops.portal.api import (
    attempts,
    clocks,
    contests,
    decisions,
    hygiene,
    keys,
    leads,
    metrics,
    operations,
    outcomes,
    people,
    pool,
    reason_marks,
    reasons,
    reference,
    rule_backtests,
    rule_drafts,
    rulebooks,
    signals,
    sources,
    submission_stream,
    submissions,
    vettings,
)


def _imports() -> list[URLPattern | URLResolver]:
    """The addresses of imports, which live in a module of their own."""
    name = "revops.portal.api.imports"
    return [path("", include(name))] if find_spec(name) and hasattr(import_module(name), "urlpatterns") else []


resources: list[URLPattern | URLResolver] = [
    path("me/", people.MeView.as_view()),
    path("submissions/", submissions.SubmissionListView.as_view()),
    path("submissions/batch/", submissions.SubmissionBatchView.as_view()),
    path("submissions/stream/", submission_stream.SubmissionStreamView.as_view()),
    path("submissions/<str:receipt>/", submissions.SubmissionView.as_view()),
    path("signals/", signals.SignalListView.as_view()),
    path("signals/batch/", signals.SignalBatchView.as_view()),
    path("leads/", leads.LeadListView.as_view()),
    path("leads/<str:lead>/", leads.LeadView.as_view()),
    path("leads/<str:lead>/why/", leads.WhyView.as_view()),
    path("leads/<str:lead>/timeline/", leads.TimelineView.as_view()),
    path("leads/<str:lead>/accept/", decisions.AcceptView.as_view()),
    path("leads/<str:lead>/reject/", decisions.RejectView.as_view()),
    path("leads/<str:lead>/snooze/", decisions.SnoozeView.as_view()),
    path("leads/<str:lead>/return_to_nurture/", decisions.ReturnToNurtureView.as_view()),
    path("leads/<str:lead>/reopen/", decisions.ReopenView.as_view()),
    path("attempts/", attempts.AttemptListView.as_view()),
    path("outcomes/", outcomes.OutcomeListView.as_view()),
    path("outcomes/<str:outcome>/restate/", outcomes.RestateView.as_view()),
    path("outcomes/<str:outcome>/withdraw/", outcomes.WithdrawView.as_view()),
    path("reason_codes/", reasons.ReasonCodeListView.as_view()),
    path("reason_codes/<str:code>/", reasons.ReasonCodeView.as_view()),
    path("nurture_tracks/", reasons.NurtureTrackListView.as_view()),
    path("rulebooks/", rulebooks.RulebookListView.as_view()),
    path("rulebooks/lint/", rule_drafts.LintView.as_view()),
    path("rulebooks/<str:rulebook>/", rulebooks.RulebookView.as_view()),
    path("rulebooks/<str:rulebook>/differences/", rule_drafts.DifferencesView.as_view()),
    path("rulebooks/<str:rulebook>/signatures/", rule_drafts.SignaturesView.as_view()),
    path("rulebooks/<str:rulebook>/effects/", rule_drafts.EffectsView.as_view()),
    path("rulebooks/<str:rulebook>/discard/", rule_drafts.DiscardView.as_view()),
    path("rulebooks/<str:rulebook>/request_review/", rule_drafts.RequestReviewView.as_view()),
    path("backtests/", rule_backtests.BacktestListView.as_view()),
    path("leads/<str:lead>/reason_marks/", reason_marks.ReasonMarkView.as_view()),
    path("clocks/", clocks.ClockListView.as_view()),
    path("clocks/<str:clock>/", clocks.ClockView.as_view()),
    path("contests/", contests.ContestListView.as_view()),
    path("contests/<str:contest>/", contests.ContestView.as_view()),
    path("pool/", pool.PoolView.as_view()),
    path("pool/next/", pool.PoolNextView.as_view()),
    path("metrics/", metrics.MetricListView.as_view()),
    path("metrics/<str:key>/", metrics.MetricView.as_view()),
    path("metrics/<str:key>/leads/", metrics.MetricLeadsView.as_view()),
    path("reviews/<str:week>/", metrics.ReviewView.as_view()),
    path("sources/", sources.SourceListView.as_view()),
    path("sources/<str:key>/", sources.SourceView.as_view()),
    path("hygiene_rules/", hygiene.HygieneRuleListView.as_view()),
    path("hygiene_rules/test/", hygiene.HygieneTrialView.as_view()),
    path("hygiene_rules/<str:rule>/", hygiene.HygieneRuleView.as_view()),
    path("bounced_addresses/", hygiene.BouncedAddressListView.as_view()),
    path("vettings/", vettings.VettingListView.as_view()),
    path("vettings/<str:vetting>/", vettings.VettingView.as_view()),
    path("vettings/<str:vetting>/results/", vettings.VettingResultsView.as_view()),
    path("vettings/<str:vetting>/results.csv", vettings.VettingCsvView.as_view()),
    path("teams/", people.TeamListView.as_view()),
    path("users/", people.UserListView.as_view()),
    path("users/<str:user>/", people.UserView.as_view()),
    path("api_keys/", keys.ApiKeyListView.as_view()),
    path("api_keys/<str:key>/", keys.ApiKeyView.as_view()),
    path("api_keys/<str:key>/rotate/", keys.RotateView.as_view()),
    path("api_keys/<str:key>/revoke/", keys.RevokeView.as_view()),
    path("operations/", operations.OperationListView.as_view()),
    path("operations/<str:operation>/", operations.OperationView.as_view()),
    path("operations/<str:operation>/cancel/", operations.CancelView.as_view()),
    path("health/", operations.HealthView.as_view()),
    *_imports(),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("docs/", reference.reference, name="api-docs"),
    path("v1/", include(resources)),
    re_path(r"^v1(/.*)?$", NotFoundView.as_view()),
]
