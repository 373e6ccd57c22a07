"""Tables of the ground floor: who knocked, what they said, what they did, and where their lead stands."""

from .forms import LeadForm
from .hygiene import BouncedAddress, HygieneRule
from .imports import ImportEdit, ImportFile, ImportKind, ImportRowError, ImportRun, LegalBasis, SavedMapping
from .leads import Lead, LifecycleEvent
from .people import Account, Person, PersonIdentity
from .signals import Attempt, Signal, SignalKind
from .sources import Campaign, Source, Spend
from .submissions import (
    PendingSubmission,
    Submission,
    SubmissionBody,
    SubmissionOutcome,
)

__all__ = [
    "Account",
    "Attempt",
    "BouncedAddress",
    "Campaign",
    "HygieneRule",
    "ImportEdit",
    "ImportFile",
    "ImportKind",
    "ImportRowError",
    "ImportRun",
    "Lead",
    "LeadForm",
    "LegalBasis",
    "LifecycleEvent",
    "PendingSubmission",
    "Person",
    "PersonIdentity",
    "SavedMapping",
    "Signal",
    "SignalKind",
    "Source",
    "Spend",
    "Submission",
    "SubmissionBody",
    "SubmissionOutcome",
]
