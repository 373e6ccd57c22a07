"""Names of columns, folded so that First Name, firstName, property_firstname and first_name__c are the same."""

from __future__ import annotations

import re


def folded_name(header: str) -> str:
    """A header as small letters and digits, without the marks that exporters add."""
    name = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
    name = name.removeprefix("property_").removeprefix("properties_").removeprefix("contact_properties_")
    name = re.sub(r"_+c$", "", name) or name
    return name.replace("_", "")


SYNONYMS: dict[str, str] = {
    name: target
    for target, names in {
        "email": (
            "email emailaddress mail workemail businessemail emailid contactemail primaryemail correo "
            "courriel epost emailadresse emails leademail personemail useremail"
        ),
        "phone": (
            "phone phonenumber telephone tel mobile mobilephone mobilephonenumber workphone cell "
            "cellphone telefon telefono businessphone directphone contactnumber handy phone1"
        ),
        "first_name": "firstname first givenname fname vorname prenom nombre forename",
        "last_name": "lastname last surname familyname lname nachname nom apellido apellidos",
        "name": "name fullname contactname leadname personname contact ansprechpartner person",
        "title": ("title jobtitle position jobrole role jobfunctiontitle funktion designation berufsbezeichnung cargo"),
        "company": (
            "company companyname organisation organization organisationname organizationname account "
            "accountname firma employer business unternehmen empresa societe associatedcompany "
            "companyassociated"
        ),
        "website": (
            "website websiteurl url domain companydomain companydomainname web homepage companywebsite webseite"
        ),
        "country": "country countryregion nation land pais pays countryname ipcountry",
        "city": "city town stadt ort ciudad ville locality",
        "industry": "industry sector branche vertical industria companyindustry",
        "employees": (
            "employees numberofemployees numemployees employeecount companysize headcount noofemployees "
            "staff mitarbeiter anzahlmitarbeiter size"
        ),
        "need": (
            "need message comments comment description notes note enquiry inquiry request howcanwehelp "
            "requirements nachricht bemerkung question anfrage"
        ),
        "purchasing_role": "purchasingrole buyingrole decisionrole leadrole roleindecision",
        "use_case": "usecase useofproduct intendeduse",
        "external_id": (
            "id externalid leadid contactid recordid uid uuid customerid prospectid crmid personid mqlid userid"
        ),
        "occurred_at": (
            "createdat createddate createdate creationdate datecreated created submittedat submissiondate "
            "timestamp date datum receivedat entrydate leaddate firstcontactdate createdon enquirydate "
            "conversiondate"
        ),
        "timeline_on": "timeline projectstart startdate plannedstart purchasedate desiredstart",
        "contract_end_on": "contractend contractenddate renewaldate contractexpiry contractexpires currentcontractend",
        "budget_on": "budgetdate budgetcycle fiscalyearend",
        "trigger_event": "triggerevent trigger",
        "utm_source": "utmsource leadsource source originalsource lastutmsource sourcelastutmsource",
        "utm_medium": "utmmedium medium channel sourcelastutmmedium",
        "utm_campaign": "utmcampaign sourcelastutmcampaign",
        "utm_content": "utmcontent sourcelastutmcontent",
        "utm_term": "utmterm keyword sourcelastutmterm",
        "campaign": "campaign campaignname acquisitionprogram program recentcampaign",
        "do_not_contact": (
            "donotcontact optout emailoptout unsubscribed donotemail hasoptedoutofemail donotcall "
            "marketingoptout suppressed"
        ),
        "signal_kind": "lastactivity activity activitytype eventtype event interaction lastaction",
        "outcome": "outcome converted isconverted stage dealstage leadstage opportunitystage won iswon result",
        "outcome_at": "outcomeat closedate closedat closeddate wondate lostdate converteddate dateclosed closed",
        "amount": "amount dealamount dealvalue revenue value opportunityamount umsatz betrag total",
        "currency": "currency currencycode currencyisocode waehrung",
        "reason": (
            "reason lostreason rejectionreason disqualificationreason unqualifiedreason closedlostreason "
            "tags reasonlost disqualifiedreason lossreason grund"
        ),
        "signal:page_visit": "pageviews visits totalvisits pagevisits numberofpageviews numvisits sessions",
        "signal:email_open": "emailopens emailsopened opens opened",
        "signal:email_click": "emailclicks emailsclicked clicks",
        "signal:form_submission": "formsubmissions numberofformsubmissions formfills",
        "signal:demo_request": "demorequested requesteddemo demorequest demo",
        "signal:webinar_attended": "webinarattended webinars attendedwebinar",
        "signal:content_download": "downloads contentdownloads whitepaper",
        "signal_value:time_on_site": "timeonsite timespentonwebsite totaltimespentonwebsite secondsonsite",
    }.items()
    for name in names.split()
}
"""Folded header → target, for names that mean the same in most files."""

SYSTEM_NAMES = re.compile(
    r"^_(line|column|code|message)$|^_?(fivetran|airbyte|sdc|dlt|cloudingo|lean_?data|es_app|mkto|user_gems|rh_2|bizible|netsuite)"
    r"|_(id|url|modstamp)(_c|__c)?$|^(is_deleted|system_|last_modified|photo_url)"
)
"""Columns that serve machines; ignored unless a preset or a person says otherwise."""
