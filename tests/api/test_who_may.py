"""Roles × routes: the policy table is the documentation, the enforcement and the source of these tests."""

import pytest

from revops.foundation import policy
from tests.api.conftest import Client
from tests.api.routes import BODIES, every_route

pytestmark = pytest.mark.django_db

FOR_ANYBODY = {
    "GET me/", "GET health/", "GET submissions/<str:receipt>/", "GET operations/", "GET operations/<str:operation>/",
    "POST operations/<str:operation>/cancel/",
}  # fmt: skip
"""Routes for everybody who is signed in; what they show depends on who asks."""

PEOPLE = ["rep", "other_rep", "sales_manager", "marketer", "marketing_manager", "admin", "executive"]
OWN_LEAD = "leads/<str:lead>/"


def call(client, route):
    if route.method == "GET":
        return client.get(route.path)
    return client.generic(route.method, route.path, b'{"nonsense": 1}', "application/json")


def test_every_route_names_its_permission(house, lead):
    routes = every_route(house, lead["id"])
    assert {str(route) for route in routes if route.permission is None} == FOR_ANYBODY
    assert {route.pattern for route in routes if route.method != "GET"} == set(BODIES)


@pytest.mark.parametrize("name", PEOPLE)
def test_people_may_what_the_table_says(house, lead, as_, name):
    client, user = as_(name), house.people[name]
    for route in every_route(house, lead["id"]):
        status = call(client, route).status_code
        allowed = route.permission is None or policy.can(user, route.permission)
        assert (status != 403) is allowed, (str(route), status)
        assert status < 500
        assert status != 401


def test_a_key_may_what_its_scopes_and_its_owner_may(house, lead, machine):
    for route in every_route(house, lead["id"]):
        row = policy.PERMISSIONS.get(route.permission or "")
        allowed = row is None or (row.scope is not None and policy.can(house.people["integration"], row.name))
        status = call(machine, route).status_code
        assert (status != 403) is allowed, (str(route), status)
        assert status < 500


def test_a_key_without_a_scope_is_told_which_it_lacks(house, lead, key_with):
    keys = {"privacy:manage": key_with("leads:read")}
    usual = key_with("privacy:manage")
    for route in every_route(house, lead["id"]):
        row = policy.PERMISSIONS.get(route.permission or "")
        if row is not None and row.scope is not None:
            response = call(keys.get(row.scope, usual), route)
            assert response.status_code == 403, str(route)
            assert response.json()["required_scopes"] == [row.scope]


def test_strangers_may_nothing(house, lead):
    for route in every_route(house, lead["id"]):
        response = call(Client(), route)
        assert response.status_code == 401, str(route)
        assert response["WWW-Authenticate"]


def test_a_deactivated_owner_ends_the_key(house, lead, machine):
    house.people["integration"].is_active = False
    house.people["integration"].save()
    assert machine.get("/api/v1/me/").status_code == 401


def test_a_colleagues_lead_is_nowhere_to_be_found(house, lead, as_):
    from leads.models import Lead

    owner_id = Lead.objects.get().owner_id
    stranger = next(name for name in ("rep", "other_rep") if house.people[name].pk != owner_id)
    client = as_(stranger)
    for route in every_route(house, lead["id"]):
        if not route.pattern.startswith(OWN_LEAD) or not policy.can(house.people[stranger], route.permission):
            continue
        status = client.get(route.path).status_code if route.method == "GET" else None
        if route.method == "POST":
            body = {"until": "2099-01-01T00:00:00Z"} if "snooze" in route.path else {}
            body = {"reason_code": "x"} if "reject" in route.path else body
            status = client.post(route.path, body, format="json").status_code
        assert status in ((404, 422) if "snooze" in route.path else (404,)), str(route)
    for path in ("leads/", "clocks/", "signals/", "attempts/", "outcomes/"):
        assert client.get_json(path)["data"] == []
    assert client.send("signals/", {}).status_code == 403


def test_what_is_not_there_is_a_problem_document_too(machine):
    for path in ("nothing/", "leads", "submissions", "", "leads/x/y/z/"):
        response = machine.get(f"/api/v1/{path}")
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"
    assert machine.post("/api/v1/submissions", {}, format="json").status_code == 404
    assert machine.get("/api/v1").status_code == 404
