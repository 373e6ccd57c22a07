"""Tables of the ground floor: who knocked, what they said, what they did, and where their lead stands."""

from .accounts import AccountDynamics, AccountTask, SurgeRule, TaskState
from .assets import Asset, AssetReach
from .campaigns import Campaign, Touch
from .consents import ConsentEvent, ConsentProof, ConsentWording
from .forms import Confirmation, FormTally, FormVersion, LeadForm, ProfileAsk
from .hooks import HookDelivery, InboundHook
from .hygiene import BouncedAddress, HygieneRule
from .imports import ImportEdit, ImportFile, ImportKind, ImportRowError, ImportRun, LegalBasis, SavedMapping
from .leads import Lead, LifecycleEvent
from .matching import (
    AccountMerge,
    AccountProposal,
    AccountSearch,
    PersonMerge,
    PersonProposal,
    PersonSearch,
    ProposalOrigin,
    ProposalState,
    Sweep,
)
from .people import Account, Person, PersonIdentity
from .privacy import PrivacyRequest, RequestKind, RequestState, RetentionRule, SuppressedAddress
from .signals import Attempt, Signal, SignalKind
from .sources import Source, SourceException
from .spend import Spend, SpendChange, SpendFile
from .submissions import (
    PendingSubmission,
    Submission,
    SubmissionBody,
    SubmissionOutcome,
)

__all__ = [
    "Account",
    "AccountDynamics",
    "AccountMerge",
    "AccountProposal",
    "AccountSearch",
    "AccountTask",
    "Asset",
    "AssetReach",
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
    "PersonMerge",
    "PersonProposal",
    "PersonSearch",
    "PrivacyRequest",
    "ProfileAsk",
    "ProposalOrigin",
    "ProposalState",
    "RequestKind",
    "RequestState",
    "RetentionRule",
    "SavedMapping",
    "Signal",
    "SignalKind",
    "Source",
    "SourceException",
    "Spend",
    "SpendChange",
    "SpendFile",
    "Submission",
    "SubmissionBody",
    "SubmissionOutcome",
    "SuppressedAddress",
    "SurgeRule",
    "Sweep",
    "TaskState",
    "Touch",
]
