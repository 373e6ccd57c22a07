"""What marketing answered to a reason that our criteria do not know."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class GapAnswerKind(models.TextChoices):
    RULE = "rule", _("A rule change is proposed")
    REASON = "reason", _("It became a reason of its own")
    KNOWN = "known", _("Our criteria cover it already")
    DECLINED = "declined", _("It stays outside our criteria")


class GapAnswer(models.Model):
    """One answer to one rejection outside the criteria. Append-only."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    disposition = models.OneToOneField("feedback.Disposition", on_delete=models.PROTECT, related_name="gap_answer")
    kind = models.CharField(max_length=16, choices=GapAnswerKind)
    words = models.CharField(max_length=300, help_text=_("Shown to whoever rejected the lead."))
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(words=""), name="a_gap_is_answered_in_words"),
        ]
