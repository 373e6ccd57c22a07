"""Why a step of a rulebook's life is not possible now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from scoring.models import Rulebook
    from scoring.publishing.merging import Collision


class PublishingRefused(Exception):
    """The step is not allowed now; the message says why and what to do."""


class DraftMoved(PublishingRefused):
    """Somebody else saved this draft since it was read; `rulebook` is as it is now."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__(_("Somebody changed or published this version meanwhile. Reload and compare."))
        self.rulebook = rulebook


class RebaseCollides(PublishingRefused):
    """The draft and the live rulebook changed the same things; a person chooses for each."""

    def __init__(self, collisions: tuple[Collision, ...]) -> None:
        super().__init__(_("The live rulebook and this draft changed the same things. Choose for each of them."))
        self.collisions = collisions


class NoLiveRulebook(Exception):
    """Nothing can be scored before a rulebook is published."""

    def __init__(self) -> None:
        super().__init__(_("No rulebook is live. Draft one, let sales and marketing sign it, and publish it."))
