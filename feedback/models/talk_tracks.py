"""Talk tracks: what to say to whom about which topic, who looks after it, and until when it holds."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.titles import FUNCTIONS, SENIORITIES
from revops.foundation.ids import new_id


class TalkTrack(models.Model):
    """One talk track for a segment (industry, seniority, function; empty means any) and a topic.

    After `expires_on` it is no longer shown, and its owner is told once (`told_at`).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("Name"), max_length=80)
    industry = models.CharField(_("Industry"), max_length=120, blank=True, help_text=_("Empty: any industry."))
    seniority = models.CharField(
        _("Seniority"), max_length=16, blank=True, choices=[(one, one.replace("_", "-")) for one in SENIORITIES]
    )
    function = models.CharField(_("Function"), max_length=16, blank=True, choices=[(one, one) for one in FUNCTIONS])
    topic = models.CharField(_("Topic"), max_length=64, blank=True, help_text=_("As signals name it, like pricing."))
    opener = models.CharField(
        _("Opening line"), max_length=300, help_text=_("Follows the sentence about what they did. Say it aloud once.")
    )
    first_question = models.CharField(_("First question"), max_length=200)
    second_question = models.CharField(_("Second question"), max_length=200)
    objection = models.CharField(_("Likely objection, and the answer"), max_length=300)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("Owner"), on_delete=models.PROTECT, related_name="talk_tracks"
    )
    expires_on = models.DateField(_("Holds until"))
    is_active = models.BooleanField(_("In use"), default=True)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["industry", "seniority", "function", "topic"],
                condition=models.Q(is_active=True),
                name="a_segment_and_topic_have_one_talk_track",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TalkTrackVote(models.Model):
    """Whether a rep found a talk track useful for one lead. The last word counts."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    track = models.ForeignKey(TalkTrack, on_delete=models.PROTECT, related_name="votes", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey("leads.Lead", on_delete=models.PROTECT, related_name="+")
    is_useful = models.BooleanField()
    voted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["track", "user", "lead"], name="a_rep_votes_once_on_a_talk_track_and_lead"),
        ]
