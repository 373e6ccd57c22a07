"""What each problem code means and what to do about it, for the pages that problem documents link to."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "malformed_json": _("The body is not JSON, or names a member twice. Repair it; the detail says where it breaks."),
    "invalid_cursor": _("Cursors belong to one list, order, filter and key. Start the list again without a cursor."),
    "idempotency_key_required": _("Your API key has to send an Idempotency-Key with every write. Add the header."),
    "bad_request": _("Something about the address, headers or body cannot be understood. Read the detail."),
    "unauthenticated": _("Send “Authorization: Bearer rop_live_…” with a key that is neither revoked nor expired."),
    "insufficient_scope": _("The key lacks a scope, named in required_scopes. An admin can make one that has it."),
    "forbidden": _("Your role does not allow this. The detail names the roles that do."),
    "not_found": _("Nothing you may see has this address. Check the id and the slash at the end."),
    "method_not_allowed": _("The address exists, the method does not. The Allow header names those that do."),
    "not_acceptable": _("Answers are JSON. Accept application/json."),
    "invalid_transition": _(
        "The lead does not stand where this is possible. “allowed” names where it can go from here."
    ),
    "duplicate_external_id": _("Another record has this external id. Look it up, or send another one."),
    "idempotency_in_progress": _("The first request with this Idempotency-Key still runs. Ask again in a second."),
    "lead_taken": _("Somebody answered this lead before you: taken_by and taken_at say who and when."),
    "conflict": _("What you sent no longer fits what is stored. Read it again and repeat your change."),
    "gone": _("This existed and was removed."),
    "erased": _("The person was erased. The decisions stay, without their data."),
    "version_mismatch": _("It changed since you read it. Read it again, then repeat your change."),
    "payload_too_large": _("The body is larger than this address takes; the detail names the limit. Split it."),
    "unsupported_media_type": _("Send JSON, with “Content-Type: application/json”."),
    "validation_error": _("“errors” lists every field that needs attention, by JSON pointer, each with what to do."),
    "unknown_field": _("A field has a name that does not exist here; often a typo. “errors” lists those that do."),
    "idempotency_key_reused": _(
        "One Idempotency-Key is for one request. Use a fresh one for each thing you want done."
    ),
    "suppressed_contact": _("This contact asked not to be contacted. Do not send to them."),
    "precondition_required": _("Two people may edit this. Send If-Match with the ETag that you read."),
    "rate_limited": _("Wait as long as Retry-After says; the RateLimit headers show what is left."),
    "too_many_jobs": _("Enough long work is under way. Wait until one of the jobs is over."),
    "internal": _("It was logged. Try again, and quote the request_id if it stays."),
    "maintenance": _("The portal or its database is not available for a moment. Try again after Retry-After."),
    "read_only": _("Only reading works for now. Try again after Retry-After."),
}
"""One sentence or two for every code of the registry; a test keeps them equal."""
