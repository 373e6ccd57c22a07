"""The register of nurture tracks: where a lead can go that is not ready."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from revops.foundation.ids import new_id


class NurtureTrack(models.Model):
    """One track by name, with the key that chooses it when a lead is returned. One of them is the usual one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(max_length=48, unique=True)
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=160, help_text=_("Whom it is for, shown beside its key."))
    digit = models.PositiveSmallIntegerField(help_text=_("Its key, 1 to 9."))
    is_default = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["digit", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["digit"], condition=Q(is_active=True), name="a_digit_picks_one_track_in_use"
            ),
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_track_is_the_usual_one"
            ),
            models.CheckConstraint(condition=Q(is_default=False) | Q(is_active=True), name="the_usual_track_is_in_use"),
            models.CheckConstraint(condition=Q(digit__gte=1, digit__lte=9), name="the_key_of_a_track_is_a_digit"),
        ]

    def __str__(self) -> str:
        return self.name
