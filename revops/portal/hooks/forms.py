"""The forms of inbound webhooks: who sends, how it signs, and the rows of the mapping."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leads.hooks.field_mapping import ATTRIBUTE, TARGETS, check_rows
from leads.models import InboundHook, Source
from revops.portal.back_office import offer

EMPTY_ROWS = 3
MOST_SAMPLE = 200_000


class HookForm(forms.ModelForm):
    """Everything about a sender but its secret. The mapping is `MappingRows`, beside it."""

    class Meta:
        model = InboundHook
        fields = (
            "name", "source", "scheme", "signature_header", "timestamp_header", "id_header", "id_pointer", "unpacks",
            "items_pointer",
        )  # fmt: skip
        labels = {
            "name": _("Name"),
            "source": _("Source"),
            "scheme": _("How it proves who it is"),
            "signature_header": _("Header of the signature"),
            "timestamp_header": _("Header of the signed time"),
            "id_header": _("Header of the event's id"),
            "id_pointer": _("Pointer to the event's id"),
            "unpacks": _("The body holds a list"),
            "items_pointer": _("Pointer to the list"),
        }
        help_texts = {
            "name": _("Who sends, like “Booking tool”."),
            "source": _("Its leads come from this source."),
            "signature_header": _("Only for HMAC-SHA256 in a header. Like Stripe-Signature: t=…,v1=… is understood."),
            "timestamp_header": _("If the sender signs time.body; older than five minutes is refused. May stay empty."),
            "id_header": _("The same id twice counts once. Standard Webhooks and GitHub have their own."),
            "id_pointer": _("Like /event/id, if no header holds it. May stay empty."),
            "unpacks": _("Each entry becomes a submission."),
            "items_pointer": _("Like /data/leads; empty if the body itself is the list."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        current = self.instance.source_id
        offer(self, "source", Source.objects.filter(~Q(state="stopped") | Q(pk=current)))
        self.fields["signature_header"].required = False

    def clean_signature_header(self) -> str:
        return self.cleaned_data["signature_header"].strip() or "X-Signature"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in ("id_pointer", "items_pointer"):
            if (text := cleaned.get(name)) and not text.startswith("/"):
                self.add_error(name, _("A pointer begins with /, like /data/id."))
        return cleaned


class MappingRows:
    """The rows of a mapping as fields `target-N`, `pointer-N` and `constant-N`, with a few empty ones at the end."""

    def __init__(self, rows: list[dict[str, str]], data: Any = None) -> None:
        self.rows = rows if data is None else self._read(data)
        self.problems: list[str] = []

    @staticmethod
    def _read(data: Any) -> list[dict[str, str]]:
        rows = []
        for number in range(120):
            if (target := data.get(f"target-{number}", "").strip()) == "" and f"target-{number}" not in data:
                break
            name = data.get(f"name-{number}", "").strip()
            if target == ATTRIBUTE:
                target = f"{ATTRIBUTE}{name}"
            pointer, constant = data.get(f"pointer-{number}", "").strip(), data.get(f"constant-{number}", "").strip()
            if target and (pointer or constant or target != ATTRIBUTE):
                row = {"target": target[:80], "pointer": pointer[:300], "constant": constant[:500]}
                rows.append({key: text for key, text in row.items() if text or key == "target"})
        return rows

    def is_valid(self) -> bool:
        self.problems = check_rows(self.rows)
        return not self.problems

    @property
    def shown(self) -> list[dict[str, Any]]:
        """The rows for the page, with empty ones to fill in."""
        rows = [*self.rows, *({"target": ""} for _ in range(EMPTY_ROWS))]
        return [
            {
                "number": number,
                "target": ATTRIBUTE if row["target"].startswith(ATTRIBUTE) else row["target"],
                "name": row["target"].removeprefix(ATTRIBUTE) if row["target"].startswith(ATTRIBUTE) else "",
                "pointer": row.get("pointer", ""),
                "constant": row.get("constant", ""),
            }
            for number, row in enumerate(rows)
        ]

    @property
    def targets(self) -> list[tuple[str, Any]]:
        return [("", _("Nothing")), *TARGETS.items(), (ATTRIBUTE, _("Another fact, named …"))]


class SecretForm(forms.Form):
    """A new secret: ours, or one that the sender chose; and how long the old one still works."""

    secret = forms.CharField(
        required=False, max_length=300, label=_("Secret of the sender"),
        help_text=_("Only if the sender made it. Else leave it empty, and we make one. Basic: name:password."),
    )  # fmt: skip
    overlap = forms.IntegerField(
        required=False, min_value=0, max_value=60, initial=7, label=_("Days the old one still works")
    )

    def clean_secret(self) -> str:
        text: str = self.cleaned_data["secret"].strip()
        if text and len(text) < 16:
            raise ValidationError(_("At least 16 characters, or anybody can guess it."))
        return text
