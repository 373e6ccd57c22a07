"""The API kit as a client sees it, through a small API about teams."""

import json
import logging
from urllib.parse import urlsplit

import pytest
from rest_framework.test import APIClient

from revops.foundation.api.problems import REGISTRY
from revops.foundation.ids import encode
from revops.foundation.models import IdempotencyKey, Role, Team

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.foundation.api_site")]

TEAMS = "/api/v1/teams/"


def problem(response, status, code):
    """The document of a refusal, after checking what all of them have."""
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/problem+json")
    body = json.loads(response.content)
    assert body["code"] == code
    assert body["status"] == status == REGISTRY[code].status
    assert body["type"] == f"/docs/problems/{code}/"
    assert body["request_id"] == response["X-Request-Id"]
    assert body["retryable"] is REGISTRY[code].retryable
    assert body["title"]
    assert body["detail"]
    assert body["instance"].startswith("/api/")
    return body


@pytest.fixture
def client_(key_client):
    return key_client()


def post(client, body, key=None, **headers):
    if key is not None:
        headers["Idempotency-Key"] = key
    return client.post(TEAMS, body, format="json", headers=headers)


class TestWhoAsks:
    def test_nobody_is_told_how_to_send_a_key(self):
        response = APIClient().get(TEAMS)
        assert "Bearer rop_live_" in problem(response, 401, "unauthenticated")["detail"]
        assert response["WWW-Authenticate"] == 'Bearer realm="api"'

    def test_an_unknown_key_is_nobody(self):
        problem(APIClient(HTTP_AUTHORIZATION="Bearer rop_live_x").get(TEAMS), 401, "unauthenticated")

    def test_a_key_without_the_scope_is_told_which(self, key_client):
        body = problem(post(key_client("leads:read"), {"name": "A"}), 403, "insufficient_scope")
        assert body["required_scopes"] == ["leads:write"]

    def test_a_key_cannot_do_more_than_its_owner(self, key_client, make_user):
        client = key_client(owner=make_user(Role.MARKETER))
        problem(post(client, {"name": "A"}), 403, "forbidden")

    def test_what_only_people_may_do_no_key_can(self, client_, team):
        problem(client_.patch(f"{TEAMS}{team.pk}/", {}, format="json"), 403, "forbidden")

    def test_a_session_works_and_writes_need_its_csrf_token(self, make_user):
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(make_user(Role.REP))
        assert client.get(TEAMS).status_code == 200
        problem(post(client, {"name": "A"}), 403, "forbidden")

    def test_a_session_without_the_role_is_refused_in_words(self, make_user):
        client = APIClient()
        client.force_login(make_user(Role.EXECUTIVE))
        assert "one of these roles" in problem(post(client, {"name": "A"}), 403, "forbidden")["detail"]

    def test_a_read_costs_one_query_for_the_key(self, key_client, django_assert_num_queries, now):
        client = key_client()
        client.get(TEAMS)
        with django_assert_num_queries(2):  # the key with its owner; the page
            client.get(TEAMS)


class TestProblems:
    def test_a_wrong_method_names_itself(self, client_):
        problem(client_.delete(TEAMS), 405, "method_not_allowed")

    def test_another_format_is_not_acceptable(self, client_):
        problem(client_.get(TEAMS, headers={"Accept": "text/csv"}), 406, "not_acceptable")

    def test_another_content_type_is_refused(self, client_):
        problem(
            client_.post(TEAMS, "a=1", content_type="application/x-www-form-urlencoded"), 415, "unsupported_media_type"
        )

    def test_an_unknown_address_is_a_problem_and_not_a_redirect(self, client_):
        problem(client_.get("/api/v1/nothing/"), 404, "not_found")
        problem(client_.get("/api/v1/teams"), 404, "not_found")

    def test_a_missing_object_is_not_found(self, client_):
        problem(client_.get(f"{TEAMS}00000000-0000-7000-8000-000000000000/"), 404, "not_found")

    def test_an_error_of_ours_says_nothing_but_its_id(self, client_, caplog):
        client_.raise_request_exception = False
        with caplog.at_level(logging.ERROR):
            body = problem(post(client_, {"name": "A", "outcome": "crash"}), 500, "internal")
        assert "secret" not in json.dumps(body)
        assert "a secret detail" in caplog.text
        assert not Team.objects.exists()

    def test_an_error_of_ours_fails_the_test_that_meets_it(self, client_):
        with pytest.raises(RuntimeError, match="a secret detail"):
            post(client_, {"name": "A", "outcome": "crash"})

    def test_a_database_that_is_away_is_worth_another_try(self, client_):
        response = post(client_, {"name": "A", "outcome": "database"})
        assert problem(response, 503, "maintenance")["retryable"]
        assert response["Retry-After"] == "2"

    def test_a_refusal_carries_its_own_facts(self, client_):
        assert problem(post(client_, {"name": "A", "outcome": "refused"}), 409, "lead_taken")["taken_by"] == "Ana"

    def test_a_large_body_is_refused(self, client_):
        assert problem(post(client_, {"name": "x" * 1_100_000}), 413, "payload_too_large")["limit"] == 1_048_576

    def test_problems_from_outside_the_framework_look_the_same(self, client_):
        problem(client_.get("/api/v1/failing/"), 410, "gone")

    def test_a_deep_body_is_refused(self, client_):
        response = client_.post(TEAMS, b"[" * 1_000_000, content_type="application/json")
        assert problem(response, 422, "validation_error")["errors"][0]["code"] == "too_deep"


class TestFields:
    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({}, "#/name", "required"),
            ({"name": "A", "side": "both"}, "#/side", "invalid_choice"),
            ({"name": "A", "budget": {"amount": 12.3, "currency": "EUR"}}, "#/budget", "invalid_money"),
            ({"name": "A", "budget": {"amount": "1.234", "currency": "EUR"}}, "#/budget", "invalid_money"),
            ({"name": "A", "budget": {"amount": "1", "currency": "eur"}}, "#/budget", "invalid_money"),
            ({"name": "A", "budget": {"amount": "1", "currency": "ZZZ"}}, "#/budget", "unknown_currency"),
            ({"name": "A", "founded_at": "2026-03-04T10:00:00"}, "#/founded_at", "no_offset"),
            ({"name": "A", "founded_at": "0001-01-01T00:00:00+14:00"}, "#/founded_at", "invalid_value"),
            ({"name": "A", "notice": "seven days"}, "#/notice", "invalid_span"),
            ({"name": "A", "parent": "lead_1"}, "#/parent", "invalid_id"),
            ({"name": "A", "parent": 7}, "#/parent", "invalid_id"),
            ([], "#", "invalid_value"),
        ],
    )  # fmt: skip
    def test_each_wrong_field_is_pointed_at(self, client_, body, pointer, code):
        errors = problem(post(client_, body), 422, "validation_error")["errors"]
        assert [(error["pointer"], error["code"]) for error in errors] == [(pointer, code)]

    def test_a_misspelt_field_is_an_error(self, client_):
        body = problem(post(client_, {"name": "A", "nmae/x": "B"}), 422, "unknown_field")
        assert body["errors"][0]["pointer"] == "#/nmae~1x"

    def test_good_values_are_taken(self, client_):
        response = post(
            client_,
            {
                "name": "A",
                "side": "revops",
                "budget": {"amount": "-12.30", "currency": "EUR"},
                "founded_at": "2026-03-04T10:00:00+02:00",
                "notice": "P7D",
                "parent": encode("team", Team(name="x").pk),
            },
        )
        team = Team.objects.get()
        assert response.status_code == 201
        assert json.loads(response.content) == {"id": encode("team", team.pk), "name": "A", "side": "revops"}


class TestParameters:
    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("sidee=sales", "unknown_parameter"),
            ("side=sales&side=revops", "repeated_parameter"),
            ("side=%00", "nul_character"),
            ("limit=0", "out_of_range"),
            ("limit=201", "out_of_range"),
            ("limit=-1", "out_of_range"),
            ("limit=many", "out_of_range"),
            ("sort=side", "unknown_sort"),
            ("count=all", "unknown_choice"),
        ],
    )
    def test_each_wrong_parameter_is_pointed_at(self, client_, query, code):
        errors = problem(client_.get(f"{TEAMS}?{query}"), 422, "validation_error")["errors"]
        assert [(error["pointer"], error["code"]) for error in errors] == [(f"#/query/{query.split('=')[0]}", code)]

    def test_a_list_gives_the_fields_that_were_asked_for(self, client_):
        empty = client_.get(f"{TEAMS}?fields=name").json()
        assert empty["data"] == []
        client_.post(TEAMS, {"name": "A", "side": "sales"}, format="json")
        answer = client_.get(f"{TEAMS}?fields=name,side&limit=1").json()
        assert answer == {**empty, "data": [{"name": "A", "side": "sales"}]}

    def test_a_record_gives_the_fields_that_were_asked_for(self, client_):
        team = Team.objects.create(name="A", side="sales")
        assert client_.get(f"{TEAMS}{team.pk}/?fields=side").json() == {"side": "sales"}

    @pytest.mark.parametrize("names", ["nickname", "name,", "", "name,Name"])
    def test_a_field_that_does_not_exist_is_pointed_at(self, client_, names):
        client_.post(TEAMS, {"name": "A", "side": "sales"}, format="json")
        (error,) = problem(client_.get(f"{TEAMS}?fields={names}"), 422, "validation_error")["errors"]
        assert (error["pointer"], error["code"]) == ("#/query/fields", "unknown_field")
        assert "Fields are: id, name, side" in error["detail"]

    def test_a_write_knows_no_parameters(self, client_):
        problem(client_.post(f"{TEAMS}?side=sales", {"name": "A"}, format="json"), 422, "validation_error")

    def test_another_version_of_the_api_is_refused(self, client_):
        assert client_.get(TEAMS)["API-Version"] == "2026-12-01"
        problem(client_.get(TEAMS, headers={"API-Version": "2020-01-01"}), 422, "validation_error")


class TestPages:
    @pytest.fixture(autouse=True)
    def teams(self, make_user):
        managers = [None, None, make_user(), make_user(), None, make_user(), None]
        self.names = list("abcdefg")
        for name, manager in zip(self.names, managers, strict=True):
            Team.objects.create(name=name, side="sales", manager=manager)

    def walk(self, client, url, between=None):
        names, pages = [], 0
        while url:
            body = json.loads(client.get(url).content)
            names += [row["name"] for row in body["data"]]
            url = body["next_url"]
            assert body["has_more"] is bool(url)
            pages += 1
            if between:
                between(pages)
        return names

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 50])
    @pytest.mark.parametrize("sort", ["name", "-name", "id", "-id", "manager", "-manager"])
    def test_a_walk_sees_each_row_once(self, client_, sort, limit):
        names = self.walk(client_, f"{TEAMS}?sort={sort}&limit={limit}")
        assert sorted(names) == self.names
        if "name" in sort or "id" in sort:
            assert names == sorted(names, reverse=sort.startswith("-"))

    def test_rows_that_come_and_go_meanwhile_do_not_shift_the_others(self, client_):
        def between(page):
            Team.objects.create(name=f"a{page}", side="sales")
            Team.objects.filter(name="b").delete()

        names = self.walk(client_, f"{TEAMS}?limit=2", between)
        assert [name for name in names if name in "acdefg"] == list("acdefg")
        assert len(names) == len(set(names))

    @pytest.mark.parametrize("change", ["&side=sales", "&sort=-name", "&sort=id"])
    def test_a_cursor_belongs_to_its_filters_and_order(self, client_, change):
        cursor = json.loads(client_.get(f"{TEAMS}?limit=2").content)["next_cursor"]
        problem(client_.get(f"{TEAMS}?limit=2&cursor={cursor}{change}"), 400, "invalid_cursor")
        assert client_.get(f"{TEAMS}?limit=3&cursor={cursor}").status_code == 200

    def test_a_cursor_belongs_to_its_key(self, client_, key_client):
        url = json.loads(client_.get(f"{TEAMS}?limit=2").content)["next_url"]
        problem(key_client().get(url), 400, "invalid_cursor")

    @pytest.mark.parametrize("cursor", ["x", "eyJ9:abc", "é", "a" * 3000])
    def test_a_made_up_cursor_is_refused(self, client_, cursor):
        problem(client_.get(TEAMS, {"cursor": cursor}), 400, "invalid_cursor")

    def test_a_page_is_two_queries_however_long(self, client_, django_assert_num_queries):
        client_.get(TEAMS)
        for limit in (1, 7):
            with django_assert_num_queries(2):
                client_.get(f"{TEAMS}?limit={limit}")

    def test_a_count_says_how_good_it_is(self, client_):
        assert json.loads(client_.get(f"{TEAMS}?count=exact").content)["count"] == {"value": 7, "is": "exact"}
        assert json.loads(client_.get(f"{TEAMS}?count=estimate").content)["count"]["is"] == "estimate"

    def test_the_next_address_keeps_the_filters(self, client_):
        url = json.loads(client_.get(f"{TEAMS}?side=sales&limit=2").content)["next_url"]
        assert "side=sales&limit=2&cursor=" in urlsplit(url).query


class TestVersions:
    def test_a_known_version_is_not_sent_again(self, client_, team):
        first = client_.get(f"{TEAMS}{team.pk}/")
        assert first["ETag"] == '"v17"'
        second = client_.get(f"{TEAMS}{team.pk}/", headers={"If-None-Match": first["ETag"]})
        assert (second.status_code, second.content) == (304, b"")

    def test_a_change_of_what_two_people_edit_names_its_version(self, make_user, team):
        client = APIClient()
        client.force_login(make_user(Role.ADMIN))
        url = f"{TEAMS}{team.pk}/"
        problem(client.patch(url, {}, format="json"), 428, "precondition_required")
        body = problem(client.patch(url, {}, format="json", headers={"If-Match": '"v16"'}), 412, "version_mismatch")
        assert (body["current_version"], body["changed_fields"]) == (17, ["name"])
        assert client.patch(url, {}, format="json", headers={"If-Match": '"v17"'})["ETag"] == '"v18"'


class TestIdempotency:
    def test_a_repeated_write_has_one_effect_and_the_same_answer(self, client_):
        first = post(client_, {"name": "A", "side": "sales"}, "k1")
        again = post(client_, {"side": "sales", "name": "A"}, "k1")
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        for name in ("Location", "Content-Type", "API-Version"):
            assert first[name] == again[name]
        assert Team.objects.count() == 1

    def test_a_keyed_write_costs_one_insert_and_one_update(self, client_, django_assert_num_queries):
        post(client_, {"name": "A"}, "k1")
        with django_assert_num_queries(8):  # key; two transactions of two each; insert, effect, update
            post(client_, {"name": "B"}, "k2")

    def test_another_request_with_the_same_key_is_refused(self, client_):
        post(client_, {"name": "A"}, "k1")
        problem(post(client_, {"name": "B"}, "k1"), 422, "idempotency_key_reused")

    def test_a_key_belongs_to_its_principal(self, client_, key_client):
        post(client_, {"name": "A"}, "k1")
        assert post(key_client(), {"name": "B"}, "k1").status_code == 201

    def test_a_final_refusal_is_repeated_and_its_effect_undone(self, client_):
        first = post(client_, {"name": "A", "outcome": "refused"}, "k1")
        again = post(client_, {"name": "A", "outcome": "refused"}, "k1")
        assert problem(first, 409, "lead_taken")["taken_by"] == "Ana"
        assert first.content == again.content
        assert again["Idempotency-Replayed"] == "true"
        assert not Team.objects.exists()

    @pytest.mark.parametrize("outcome", ["crash", "database", "gone"])
    def test_other_failures_leave_no_trace_of_the_key(self, client_, outcome):
        client_.raise_request_exception = False
        post(client_, {"name": "A", "outcome": outcome}, "k1")
        assert not IdempotencyKey.objects.exists()

    @pytest.mark.parametrize("key", ["", "a b", "ключ", "x" * 256])
    def test_an_odd_key_is_refused(self, client_, key):
        response = client_.post(TEAMS, {"name": "A"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
        assert problem(response, 422, "validation_error")["errors"][0]["pointer"] == "#/header/Idempotency-Key"

    def test_an_api_key_can_demand_it(self, key_client):
        client = key_client(requires_idempotency_key=True)
        problem(post(client, {"name": "A"}), 400, "idempotency_key_required")


class TestLimits:
    def test_every_answer_says_what_is_left_and_too_many_are_told_to_wait(self, key_client, valkey, settings):
        settings.API_RATE_LIMITS = True
        client = key_client(requests_per_minute=60)  # a burst of 100, one more each second
        first = client.get(TEAMS)
        assert first["RateLimit-Policy"] == '"default";q=60;w=60'
        assert first["RateLimit"] == '"default";r=99;t=1'
        answers = [post(client, {"name": f"t{number}"}) for number in range(60)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert 5 <= len(refused) <= 11
        problem(refused[0], 429, "rate_limited")
        assert int(refused[0]["Retry-After"]) >= 1

    def test_without_valkey_the_limit_is_kept_by_the_process(self, key_client, settings, monkeypatch):
        from revops.foundation.api import throttling

        def away():
            raise ConnectionError

        settings.API_RATE_LIMITS = True
        monkeypatch.setattr(throttling, "_script", away)
        monkeypatch.setattr(throttling, "_away_until", 0.0)
        client = key_client()
        assert [client.get(TEAMS).status_code for _number in range(101)].count(429) <= 1
        assert "r=" in client.get(TEAMS)["RateLimit"]
        throttling._away_until = 0.0

    def test_strangers_have_a_small_limit(self, valkey, settings):
        settings.API_RATE_LIMITS = True
        statuses = [APIClient().get(TEAMS).status_code for _number in range(22)]
        assert statuses.count(401) in {20, 21}
        assert statuses[-1] == 429


class TestMiddleware:
    def test_a_request_id_is_taken_over_or_made(self, client):
        assert client.get("/framed/", headers={"X-Request-Id": "abc.def-123"})["X-Request-Id"] == "abc.def-123"
        for odd in ("", "short", "with space in it", "x" * 65, "é" * 10):
            made = client.get("/framed/", headers={"X-Request-Id": odd})["X-Request-Id"]
            assert made.startswith("req_")

    def test_the_policy_is_strict_and_one_view_loosens_one_directive(self, client):
        loose = client.get("/framed/")
        strict = client.get("/api/v1/failing/")
        assert "default-src 'none'; script-src 'self'" in strict["Content-Security-Policy"]
        assert strict["Content-Security-Policy"].endswith("frame-ancestors 'none'")
        assert loose["Content-Security-Policy"].endswith("frame-ancestors *")
        assert "X-Frame-Options" not in loose
        assert strict["X-Frame-Options"] == "DENY"
