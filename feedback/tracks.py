"""Keeps the register of nurture tracks in order: at most one of them is the usual one."""

from feedback.models import NurtureTrack


def save_track(track: NurtureTrack) -> None:
    """Saves a track; if it becomes the usual one, the one before is no longer."""
    if track.is_default:
        NurtureTrack.objects.filter(is_default=True).exclude(pk=track.pk).update(is_default=False)
    track.save()
