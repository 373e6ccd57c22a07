"""Column sets we know by heart: the CRMs' exports, and files people try things with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .names import folded_name

Columns = dict[str, Any]


class Preset(NamedTuple):
    """A known kind of file. `columns` by folded header name; `answers` says whether headers are of this kind."""

    code: str
    name: str
    answers: Callable[[frozenset[str]], bool]
    columns: Columns
    defaults: dict[str, str]
    is_history: bool

    @property
    def is_deals(self) -> bool:
        """Are its rows outcomes of leads rather than leads?"""
        return self.code.endswith("_deals")

    def names_people(self, headers: Sequence[str]) -> bool:
        """Has a file of this kind a column that says whose each row is?"""
        return any(self.columns.get(folded_name(header)) == "external_id" for header in headers)


def preset_for(headers: Sequence[str]) -> Preset | None:
    """The first known kind of file these headers answer to."""
    folded = frozenset(folded_name(header) for header in headers)
    return next((preset for preset in PRESETS if preset.answers(folded)), None)


_IGNORED: Columns = dict.fromkeys(
    [
        "ownerid", "createdbyid", "lastmodifiedbyid", "lastmodifieddate", "systemmodstamp", "isdeleted", "photourl",
        "masterrecordid", "lastviewed", "lastvieweddate", "lastreferenceddate", "jigsawcontactid",
        "isunreadbyowner", "convertedcontactid", "convertedaccountid", "geocodeaccuracy", "mailinggeocodeaccuracy",
        "fivetransynced", "fivetrandeleted", "fivetranactive", "updatedat", "cloudingoagentas", "cloudingoagentles",
        "hsmergedobjectids", "lastmodifieddatetime", "createdate2",
    ],
    "ignore",
)  # fmt: skip

_SALESFORCE: Columns = _IGNORED | {
    "id": "external_id",
    "leadid": "external_id",
    "contactid": "external_id",
    "createddate": "occurred_at",
    "createdat": "ignore",
    "leadsource": {"to": "utm_source", "also": ["attribute:lead_source"]},
    "isconverted": {
        "to": "outcome",
        "values": {"true": "opportunity", "1": "opportunity", "false": "open", "0": "open"},
        "keep_as": "is_converted",
    },
    "converteddate": "outcome_at",
    "convertedopportunityid": "outcome_id",
    "status": "attribute:after_contact_status",
    "leadstatus": "attribute:after_contact_status",
    "contactstatus": "attribute:after_contact_status",
    "unqualifiedreason": {"to": "reason", "keep_as": "after_contact_unqualified_reason"},
    "hasoptedoutofemail": "do_not_contact",
    "donotcall": "do_not_contact",
    "numberofemployees": "employees",
    "mailingcity": "city",
    "mailingcountrycode": "country",
    "mailingcountry": {"to": "country", "keep_as": "mailing_country"},
    "countrycode": "country",
    "country": "country",
    "description": "need",
    "annualrevenue": "attribute:annual_revenue",
    "accountid": "attribute:crm_account",
    "accountname": "company",
    "timeframe": "attribute:timeframe",
    "rating": "attribute:rating",
    "originalutmsource": "ignore",
    "emailbouncedreason": "attribute:after_contact_bounce",
    "department": "attribute:department",
}

_HUBSPOT: Columns = _IGNORED | {
    "id": "external_id",
    "recordid": "external_id",
    "vid": "external_id",
    "hsobjectid": "external_id",
    "email1": "ignore",
    "createdate": "occurred_at",
    "createdat": "ignore",
    "firstconversiondate": "attribute:first_conversion_at",
    "firstconversioneventname": {"to": "signal_kind", "keep_as": "first_conversion"},
    "lifecyclestage": {
        "to": "outcome",
        "values": {
            "customer": "won", "evangelist": "won", "opportunity": "opportunity", "salesqualifiedlead": "opportunity",
            "sales qualified lead": "opportunity", "marketingqualifiedlead": "open", "marketing qualified lead": "open",
            "lead": "open", "subscriber": "open", "other": "open",
        },
        "keep_as": "after_contact_lifecycle_stage",
    },
    "leadstatus": "attribute:after_contact_status",
    "hsleadstatus": "attribute:after_contact_status",
    "closedate": "outcome_at",
    "recentdealamount": "amount",
    "numemployees": "employees",
    "numberofemployees": "employees",
    "annualrevenue": "attribute:annual_revenue",
    "hsanalyticsnumpageviews": "signal:page_visit",
    "numberofpageviews": "signal:page_visit",
    "hsanalyticsnumvisits": "attribute:visits",
    "hsemailopen": "signal:email_open",
    "marketingemailsopened": "signal:email_open",
    "hsemailclick": "signal:email_click",
    "marketingemailsclicked": "signal:email_click",
    "hsemailreplied": "signal:inbound_reply",
    "numconversionevents": "signal:form_submission",
    "numberofformsubmissions": "signal:form_submission",
    "hsemailoptout": "do_not_contact",
    "unsubscribedfromallemail": "do_not_contact",
    "hsanalyticssource": {"to": "utm_source", "also": ["attribute:lead_source"]},
    "originalsource": {"to": "utm_source", "also": ["attribute:lead_source"]},
    "hsbuyingrole": "purchasing_role",
    "buyingrole": "purchasing_role",
    "message": "need",
    "associatedcompany": "company",
}  # fmt: skip

_MARKETO: Columns = _IGNORED | {
    "id": "external_id",
    "createdat": "occurred_at",
    "acquisitionprogramname": "campaign",
    "acquisitionprogram": "campaign",
    "originalsourcetype": {"to": "utm_source", "also": ["attribute:lead_source"]},
    "leadsource": {"to": "utm_source", "also": ["attribute:lead_source"]},
    "leadscore": "attribute:crm_score",
    "leadstatus": "attribute:after_contact_status",
    "unsubscribed": "do_not_contact",
    "donotcall": "do_not_contact",
    "emailinvalid": "attribute:email_invalid",
    "numberofemployees": "employees",
    "leadrole": "purchasing_role",
    "inferredcountry": {"to": "country", "keep_as": "inferred_country"},
    "inferredcompany": "attribute:inferred_company",
    "persontype": "attribute:person_type",
}

_EDUCATION_ACTS = {
    "Email Opened": "email_open", "SMS Sent": "message_sent", "Olark Chat Conversation": "chat_conversation",
    "Page Visited on Website": "page_visit", "Converted to Lead": "form_submission", "Email Bounced": "message_sent",
    "Email Link Clicked": "email_click", "Form Submitted on Website": "form_submission", "Unsubscribed": "unsubscribe",
    "Unreachable": "", "Had a Phone Conversation": "inbound_reply", "Approached upfront": "contact_request",
    "View in browser link Clicked": "email_click", "Email Received": "inbound_reply",
    "Email Marked Spam": "unsubscribe", "Resubscribed to emails": "email_click", "Modified": "",
    "Visited Booth in Tradeshow": "event_conversation",
}  # fmt: skip
_EDUCATION_REASONS = {
    "Ringing": "no_response", "switched off": "no_response", "opp hangup": "no_response", "Busy": "",
    "Will revert after reading the email": "", "Closed by Horizzon": "", "in touch with EINS": "",
    "Still Thinking": "", "In confusion whether part time or DLP": "", "Lateral student": "",
    "Already a student": "already_customer", "Interested in other courses": "wrong_product",
    "Interested in full time MBA": "wrong_product", "Not doing further education": "no_need",
    "Graduation in progress": "not_eligible", "Diploma holder (Not Eligible)": "not_eligible",
    "invalid number": "wrong_number", "wrong number given": "wrong_number", "number not provided": "wrong_number",
    "Lost to EINS": "chose_competitor", "Lost to Others": "chose_competitor",
    "Want to take admission but has financial problems": "no_budget", "Interested in Next batch": "later_this_year",
    "Shall take in the next coming month": "later_this_year", "University not recognized": "other_outside_criteria",
    "Recognition issue (DEC approval)": "other_outside_criteria",
}  # fmt: skip
_SELECT = ["Select"]

_EDUCATION: Columns = {
    "prospectid": "external_id",
    "leadnumber": "attribute:lead_number",
    "leadorigin": {
        "to": "attribute:lead_origin",
        "also": ["signal_kind"],
        "values": {
            "Landing Page Submission": "form_submission",
            "API": "",
            "Lead Add Form": "",
            "Lead Import": "",
            "Quick Add Form": "",
        },
    },
    "leadsource": {"to": "attribute:lead_source", "also": ["utm_source"]},
    "donotemail": "do_not_contact",
    "donotcall": "do_not_contact",
    "converted": {"to": "outcome", "values": {"1": "won", "0": "lost"}},
    "totalvisits": "signal:page_visit",
    "totaltimespentonwebsite": "signal_value:time_on_site",
    "pageviewspervisit": "attribute:page_views_per_visit",
    "lastactivity": {"to": "signal_kind", "values": _EDUCATION_ACTS, "keep_as": "last_activity"},
    "country": {"to": "country", "empty": ["unknown", "Select"]},
    "specialization": {"to": "attribute:specialization", "empty": _SELECT},
    "howdidyouhearaboutxeducation": {"to": "attribute:heard_from", "empty": _SELECT},
    "whatisyourcurrentoccupation": {"to": "attribute:occupation", "empty": _SELECT},
    "whatmattersmosttoyouinchoosingacourse": {"to": "attribute:what_matters", "empty": _SELECT},
    "search": "attribute:saw_search",
    "magazine": "ignore",
    "newspaperarticle": "attribute:saw_newspaper_article",
    "xeducationforums": "attribute:saw_forums",
    "newspaper": "attribute:saw_newspaper",
    "digitaladvertisement": "attribute:saw_digital_advertisement",
    "throughrecommendations": "attribute:saw_recommendations",
    "receivemoreupdatesaboutourcourses": "ignore",
    "tags": {"to": "reason", "values": _EDUCATION_REASONS, "keep_as": "after_contact_tags"},
    "leadquality": "attribute:after_contact_lead_quality",
    "updatemeonsupplychaincontent": "ignore",
    "getupdatesondmcontent": "ignore",
    "leadprofile": {"to": "attribute:after_contact_lead_profile", "empty": _SELECT},
    "city": {"to": "city", "empty": _SELECT},
    "asymmetriqueactivityindex": "attribute:after_contact_activity_index",
    "asymmetriqueprofileindex": "attribute:after_contact_profile_index",
    "asymmetriqueactivityscore": "attribute:after_contact_activity_score",
    "asymmetriqueprofilescore": "attribute:after_contact_profile_score",
    "iagreetopaytheamountthroughcheque": "ignore",
    "afreecopyofmasteringtheinterview": "signal:content_download",
    "lastnotableactivity": "attribute:after_contact_last_notable_activity",
}

_FUNNEL_LEADS: Columns = {
    "mqlid": "external_id",
    "firstcontactdate": {"to": "occurred_at", "format": "iso"},
    "landingpageid": "attribute:landing_page",
    "origin": {"to": "attribute:origin", "also": ["utm_source"]},
}
_FUNNEL_DEALS: Columns = {
    "mqlid": "external_id",
    "sellerid": "outcome_id",
    "sdrid": "attribute:sdr",
    "srid": "attribute:sr",
    "wondate": {"to": "outcome_at", "format": "iso"},
    "businesssegment": "attribute:business_segment",
    "leadtype": "attribute:lead_type",
    "leadbehaviourprofile": "attribute:lead_behaviour_profile",
    "hascompany": "attribute:has_company",
    "hasgtin": "attribute:has_gtin",
    "averagestock": {"to": "attribute:average_stock", "empty": ["unknown"]},
    "businesstype": "attribute:business_type",
    "declaredproductcatalogsize": "attribute:declared_product_catalog_size",
    "declaredmonthlyrevenue": {"to": "attribute:declared_monthly_revenue", "empty": ["0", "0.0"]},
}


def _has(*names: str) -> Callable[[frozenset[str]], bool]:
    wanted = frozenset(names)
    return lambda headers: wanted <= headers


def _salesforce(headers: frozenset[str]) -> bool:
    marks = {
        "ownerid",
        "isconverted",
        "systemmodstamp",
        "reportstoid",
        "leadsource",
        "createdbyid",
        "hasoptedoutofemail",
    }
    return len(marks & headers) >= 3


def _hubspot(headers: frozenset[str]) -> bool:
    marks = {
        "hsobjectid", "lifecyclestage", "hsleadstatus", "contactowner", "recordid", "hsmergedobjectids",
        "firstconversiondate", "hsanalyticssource", "hsemailoptout", "createdate", "associatedcompany",
    }  # fmt: skip
    return len(marks & headers) >= 2


def _marketo(headers: frozenset[str]) -> bool:
    marks = {
        "leadscore",
        "acquisitionprogram",
        "acquisitionprogramname",
        "inferredcountry",
        "originalsourcetype",
        "persontype",
    }
    return len(marks & headers) >= 2 or {"id", "createdat", "updatedat", "email", "firstname", "lastname"} <= headers


_SALESFORCE_DEALS: Columns = _IGNORED | {
    "id": "outcome_id",
    "name": "attribute:deal",
    "iswon": {
        "to": "outcome",
        "values": {"true": "won", "1": "won", "false": "open", "0": "open"},
        "keep_as": "is_won",
    },
    "stagename": {"to": "outcome", "keep_as": "stage"},
    "closedate": "outcome_at",
    "amount": "amount",
    "createddate": "occurred_at",
    "contactid": "external_id",
    "primarycontactid": "external_id",
    "description": "ignore",
}
_HUBSPOT_DEALS: Columns = _IGNORED | {
    "dealid": "outcome_id",
    "dealname": "attribute:deal",
    "dealstage": {"to": "outcome", "keep_as": "stage"},
    "dealpipelinestageid": {"to": "outcome", "keep_as": "stage"},
    "closedate": "outcome_at",
    "amount": "amount",
    "createdate": "occurred_at",
    "associatedcontactids": "external_id",
    "contactid": "external_id",
    "description": "ignore",
}

_DEAL_IDS = frozenset({"opportunityid", "dealid", "opportunitynumber", "dealnumber"})
_DEAL_STAGES = frozenset({"dealstage", "stage", "opportunitystage", "stagename"})
_DEAL_ENDS = frozenset({"closedate", "closedon", "closedat", "closeddate"})
_PLAIN_DEALS: Columns = _IGNORED | {
    **dict.fromkeys(_DEAL_IDS, "outcome_id"),
    **dict.fromkeys(("leadid", "contactid", "personid"), "external_id"),
    **{name: {"to": "outcome", "keep_as": "stage"} for name in _DEAL_STAGES},
    **dict.fromkeys(_DEAL_ENDS, "outcome_at"),
    **dict.fromkeys(("closevalue", "amount", "value", "dealvalue", "dealamount"), "amount"),
    **dict.fromkeys(("engagedate", "createdate", "createddate", "createdat", "opendate"), "occurred_at"),
    **dict.fromkeys(("account", "accountname", "company", "companyname", "customer", "customername"), "company"),
    **dict.fromkeys(("salesagent", "salesrep", "owner", "dealowner", "opportunityowner"),
                    "attribute:after_contact_owner"),
}  # fmt: skip


def _plain_deals(headers: frozenset[str]) -> bool:
    """A deal's id, where it stands, when it closed, and no address of anybody."""
    return "email" not in headers and all(headers & names for names in (_DEAL_IDS, _DEAL_STAGES, _DEAL_ENDS))


PRESETS = [
    Preset("xeducation_leads", "Leads of an education seller", _has("prospectid", "leadorigin", "tags"),
           _EDUCATION, {}, is_history=True),
    Preset("olist_deals", "Closed deals of a marketplace", _has("mqlid", "wondate"),
           _FUNNEL_DEALS, {"outcome": "won"}, is_history=True),
    Preset("olist_leads", "Marketing leads of a marketplace", _has("mqlid", "firstcontactdate"),
           _FUNNEL_LEADS, {"signal_kind": "form_submission"}, is_history=True),
    Preset("salesforce_deals", "Salesforce opportunities", _has("iswon", "stagename", "closedate"),
           _SALESFORCE_DEALS, {}, is_history=True),
    Preset("hubspot_deals", "HubSpot deals", _has("dealname", "closedate", "amount"),
           _HUBSPOT_DEALS, {}, is_history=True),
    Preset("plain_deals", "Deals with a stage and a closing date", _plain_deals,
           _PLAIN_DEALS, {}, is_history=True),
    Preset("salesforce", "Salesforce leads or contacts", _salesforce, _SALESFORCE, {}, is_history=True),
    Preset("hubspot", "HubSpot contacts", _hubspot, _HUBSPOT, {}, is_history=True),
    Preset("marketo", "Marketo leads", _marketo, _MARKETO, {}, is_history=True),
]  # fmt: skip
