"""What a demo company does not show by itself: files under way in each step, a vetted list, pages outsiders see."""

from __future__ import annotations

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from feedback.models import Finding, Outcome, ReasonCode
from leads.models import Confirmation, HygieneRule, ImportRun, Lead, LeadForm, Source
from revops.foundation import jobs
from revops.foundation.models import Job, Role
from revops.portal.consents.mails import confirm_url, withdraw_token
from revops.portal.vetting import working
from sla.models import Agreement
from tests.everywhere.walking import client_of

ROWS = "Mail,Name,Firm,Country\nann{n}@acme.example,Ann Lee,Acme,Atlantis\nnobody,,,\n1,2\n"
STATUSES = (400, 403, 404, 409, 410, 413, 429, 500, 503)


def stage() -> list[str]:
    """Brings files and lists into each state; gives the addresses, for the administrator, from which to walk on."""
    client = client_of(Role.ADMIN)
    fresh, tried, done, waiting = (
        _upload(client, number, steps=steps) for number, steps in ((1, 1), (2, 3), (3, 3), (4, 3))
    )
    client.post(f"{tried}try/")
    _work(tried, "dry_run_id")
    client.post(f"{done}start/")
    _work(done, "job_id")
    client.post(f"{waiting}start/")
    vetted, in_work = _vet(client, 5), _vet(client, 6, judge=False)
    slug = LeadForm.objects.values_list("slug", flat=True)[0]
    lead, outcome = Lead.objects.order_by("pk")[0], Outcome.objects.filter(recorded_by__isnull=False)[0]
    draft = Agreement.objects.filter(state="draft")[0]
    now, reason = timezone.now(), ReasonCode.objects.order_by("pk")[0]
    Finding.objects.get_or_create(
        week_on=now.date() - timedelta(days=now.weekday() + 7), reason=reason, source=Source.objects.order_by("pk")[0],
        defaults={"rejections": 9, "opened_at": now, "due_at": now + timedelta(days=4)},
    )  # fmt: skip
    return [
        *(f"{tried}{step}/" for step in ("check", "columns", "values", "rules", "mend", "shape")),
        done,
        f"{waiting}progress/",
        fresh,
        vetted,
        f"{in_work}progress/",
        reverse("hosted-form", args=[slug]),
        reverse("hosted-form-thanks", args=[slug]),
        f"/c/{confirm_url(Confirmation.objects.all()[0]).rpartition('/c/')[2]}",
        reverse("withdraw-consent", args=[withdraw_token(lead.person_id)]),
        reverse("agreement-edit", args=[draft.version]),
        reverse("findings"),
        reverse("gate-rule", args=[HygieneRule.objects.exclude(terms=[]).order_by("code")[0].code]),
        reverse("correct-outcome", args=[outcome.lead.public_id, outcome.pk]),
        f"{reverse('rule-try')}?lead={lead.public_id}",
        *outside_the_navigation(),
    ]


def outside_the_navigation() -> list[str]:
    """Pages that links from outside, other programs, or mishaps lead to."""
    errors = [reverse("design-error", args=[status]) for status in STATUSES]
    return [
        reverse("problems"),
        reverse("design"),
        reverse("unsubscribe", args=["a-link-in-a-mail"]),
        *errors,
        f"{reverse('search')}?q=software",
    ]


def _upload(client: Client, number: int, *, steps: int) -> str:
    """The address of an import, so many steps of the wizard after the upload."""
    file = SimpleUploadedFile(f"list-{number}.csv", ROWS.format(n=number).encode())
    client.post(reverse("import-new"), {"file": file})
    run = ImportRun.objects.latest("created_at")
    home = reverse("import-detail", args=[run.public_id])
    source = Source.objects.exclude(kind="purchased").order_by("pk").first()
    answers = [{}, {}, {"source": source.pk if source else "", "legal_basis": "consent"}]
    for step, answer in list(zip(("shape/confirm", "columns", "rules"), answers, strict=True))[
        : steps if steps > 1 else 0
    ]:
        client.post(f"{home}{step}/", answer)
    return home


def _vet(client: Client, number: int, *, judge: bool = True) -> str:
    """The address of a list that was judged, or waits for it."""
    client.post(reverse("vetting"), {"file": SimpleUploadedFile("partners.csv", ROWS.format(n=number).encode())})
    job = Job.objects.filter(kind=working.KIND).latest("created_at")
    if judge:
        jobs.run(job.pk, timezone.now)
    return reverse("vetted", args=[working.public_id(job)])


def _work(home: str, name: str) -> None:
    """What a worker does when the bell rings."""
    public_id = home.rstrip("/").rsplit("/", 1)[1]
    run = next(run for run in ImportRun.objects.all() if run.public_id == public_id)
    jobs.run(getattr(run, name), timezone.now)
