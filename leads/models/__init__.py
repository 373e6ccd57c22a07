"""Tables of the ground floor: who knocked, what they said, what they did, and where their lead stands."""

from .consents import ConsentEvent, ConsentProof, ConsentWording
from .forms import Confirmation, FormTally, FormVersion, LeadForm, ProfileAsk
from .hooks import HookDelivery, InboundHook
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
    "Confirmation",
    "ConsentEvent",
    "ConsentProof",
    "ConsentWording",
    "FormTally",
    "FormVersion",
    "HookDelivery",
    "HygieneRule",
    "ImportEdit",
    "ImportFile",
    "ImportKind",
    "ImportRowError",
    "ImportRun",
    "InboundHook",
    "Lead",
    "LeadForm",
    "LegalBasis",
    "LifecycleEvent",
    "PendingSubmission",
    "Person",
    "PersonIdentity",
    "ProfileAsk",
    "SavedMapping",
    "Signal",
    "SignalKind",
    "Source",
    "Spend",
    "Submission",
    "SubmissionBody",
    "SubmissionOutcome",
]
