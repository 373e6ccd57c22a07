"""Finds leads and accounts by what somebody typed: words anywhere in names, addresses and domains, among millions.

The sweep keeps the words of each person and account behind trigram indexes. What changed since it last came by is
looked at directly, so that nobody waits for it and the intake writes no index of words.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import F, Lookup, Q, QuerySet
from django.db.models.expressions import RawSQL

from leads.models import Account, Lead, Person
from leads.names import normalise_company

MOST_MATCHES = 2000
"""A search looks at so many people and companies at most; who searches wants few."""
MOST_WORDS = 5


def leads_named(text: str, among: QuerySet[Lead] | None = None) -> Q:
    """Leads whose person or company contains every word that was typed. An address is a person's, not a company's.

    `among` are the leads that somebody may see who may not see all: the first matches are taken from theirs, so that
    a word which half the world shares still finds their own.
    """
    people, person_words = _people(_words(text), _ids(among, "person_id"))
    companies, company_words = _accounts([] if "@" in text else _company_words(text), _ids(among, "account_id"))
    sql = f"""
        SELECT lead.id FROM leads_lead lead WHERE lead.person_id = ANY(ARRAY({people}))
        UNION
        SELECT lead.id FROM leads_lead lead WHERE lead.account_id = ANY(ARRAY({companies}))
    """  # noqa: S608 - every word is a parameter
    return _found(sql, [*person_words, *company_words])


def people_named(text: str) -> QuerySet[Person]:
    """People whose name or address contains every word; somebody merged into another is found as the other."""
    sql, words = _people(_words(text))
    return Person.objects.filter(pk__in=RawSQL(sql, words))  # noqa: S611 - every word is a parameter


def accounts_named(text: str, among: QuerySet[Account] | None = None) -> Q:
    """Accounts whose name or domain contains every word; another name of an account finds it, too.

    `among` are those that somebody may see who may not see all, as in `leads_named`.
    """
    sql, words = _accounts(_company_words(text), _ids(among, "pk"))
    return _found(sql, words)


class _OneOf(Lookup):
    """A value among those of a query, which is asked first: as a list it is looked up by index, whatever the order."""

    lookup_name = "one_of"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        value, of_value = self.process_lhs(compiler, connection)
        query, of_query = compiler.compile(self.rhs)
        return f"{value} = ANY(ARRAY{query})", (*of_value, *of_query)


def _found(sql: str, words: list[Any]) -> Q:
    return Q(_OneOf(F("pk"), RawSQL(sql, words)))  # noqa: S611 - every word is a parameter


Ids = tuple[str, tuple[Any, ...]] | None
"""A query of one column of ids, with its parameters; None stands for all."""


def _ids(among: QuerySet[Any] | None, column: str) -> Ids:
    """The ids that a search is held to. What certainly holds nothing needs no holding: the caller's rows are empty."""
    if among is None:
        return None
    try:
        sql, parameters = among.order_by().values(column).query.sql_with_params()
    except EmptyResultSet:
        return None
    return sql, tuple(parameters)


def _held_to(among: Ids, table: str) -> tuple[str, str, tuple[Any, ...]]:
    """What a query begins with, and what a row of it has to be among: the ids, or those merged into one of them."""
    if among is None:
        return "", "", ()
    sql, parameters = among
    merged = f"SELECT merged.id FROM {table} merged JOIN seen ON merged.merged_into_id = seen.id"  # noqa: S608
    return f"WITH seen(id) AS ({sql})", f"IN (SELECT id FROM seen UNION ALL {merged})", parameters  # noqa: S608


def _words(text: str) -> list[str]:
    return [word.lower() for word in text.split()[:MOST_WORDS]]


def _company_words(text: str) -> list[str]:
    """A legal form ("GmbH") is no part of a normalised name, so it is left out; a domain is looked for as it stands,
    and an address means the company of its domain."""
    if "." in text or "@" in text:
        return [domain for word in _words(text) if (domain := word.rpartition("@")[2])]
    return (normalise_company(text) or text.lower()).split()[:MOST_WORDS]


def _people(words: list[str], among: Ids = None) -> tuple[str, list[Any]]:
    """People by words. A whole address is looked up as it stands: words in it that many share would find everybody."""
    fresh = (
        " ".join(
            " AND (person.first_name ILIKE %s OR person.last_name ILIKE %s OR person.email ILIKE %s)" for _ in words
        )
        or "AND false"
    )
    address = words[0] if len(words) == 1 and "@" in words[0] else ""
    known = "SELECT id, merged_into_id FROM leads_person WHERE email = %s" if address else ""
    seen, inside, held = _held_to(among, "leads_person")
    sql = f"""
        {seen}
        {f"(SELECT coalesce(merged_into_id, id) FROM ({known}) known) UNION" if known else ""}
        (SELECT coalesce(merged.merged_into_id, found.person_id)
           FROM (SELECT search.person_id FROM leads_personsearch search
                  WHERE {f"NOT EXISTS ({known}) AND" if known else ""}
                        {" AND ".join("search.text LIKE %s" for _ in words) or "false"}
                        {inside and f"AND search.person_id {inside}"} LIMIT {MOST_MATCHES}) found
           LEFT JOIN leads_person merged ON merged.id = found.person_id AND merged.merged_into_id IS NOT NULL)
        UNION
        (SELECT coalesce(person.merged_into_id, person.id) FROM leads_person person
          WHERE person.updated_at {_SINCE.format("people")} {fresh}
                {inside and f"AND person.id {inside}"} LIMIT {MOST_MATCHES})
    """  # noqa: S608
    whole = [address] * 2 if address else []
    likes = [_like(word) for word in words]
    return sql, [*held, *whole, *likes, *(like for like in likes for _column in range(3))]


def _accounts(words: list[str], among: Ids = None) -> tuple[str, list[Any]]:
    fresh = " ".join(" AND (account.normalised_name ILIKE %s OR account.domain ILIKE %s)" for _ in words) or "AND false"
    seen, inside, held = _held_to(among, "leads_account")
    sql = f"""
        {seen}
        (SELECT coalesce(merged.merged_into_id, found.account_id)
           FROM (SELECT search.account_id FROM leads_accountsearch search
                  WHERE {" AND ".join("search.text LIKE %s" for _ in words) or "false"}
                        {inside and f"AND search.account_id {inside}"} LIMIT {MOST_MATCHES}) found
           LEFT JOIN leads_account merged ON merged.id = found.account_id AND merged.merged_into_id IS NOT NULL)
        UNION
        (SELECT coalesce(account.merged_into_id, account.id) FROM leads_account account
          WHERE account.updated_at {_SINCE.format("accounts")} {fresh}
                {inside and f"AND account.id {inside}"} LIMIT {MOST_MATCHES})
    """  # noqa: S608
    likes = [_like(word) for word in words]
    return sql, [*held, *likes, *(like for like in likes for _column in range(2))]


_SINCE = (
    "BETWEEN coalesce((SELECT reached_at - interval '2 minutes' FROM leads_sweep WHERE name = '{}'), '-infinity')"
    " AND now() + interval '1 day'"
)
"""Since the sweep came by; it looks two minutes back itself. The server expects little of a span with two ends."""


def _like(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
