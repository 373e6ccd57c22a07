"""The OpenAPI description says what the kit does."""

import pytest
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

pytestmark = pytest.mark.urls("tests.foundation.api_site")


@pytest.fixture
def schema():
    return SchemaGenerator(urlconf="tests.foundation.api_site").get_schema(request=None, public=True)


def test_the_description_is_valid_and_hides_the_catch_all(schema):
    validate_schema(schema)
    assert set(schema["paths"]) == {"/api/v1/teams/", "/api/v1/teams/{id}/"}


def test_a_list_describes_its_pages_and_a_write_its_key(schema):
    operations = schema["paths"]["/api/v1/teams/"]

    def names(method):
        return {parameter["name"] for parameter in operations[method]["parameters"]}

    assert {"limit", "cursor", "sort", "count", "side"} <= names("get")
    assert {"Idempotency-Key", "If-Match"} <= names("post")


def test_a_page_of_teams_is_described(schema):
    content = schema["paths"]["/api/v1/teams/"]["get"]["responses"]["200"]["content"]["application/json"]
    page = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    assert page["properties"]["data"]["items"] == {"$ref": "#/components/schemas/Team"}


def test_each_operation_describes_its_problems_and_how_to_send_a_key(schema):
    for operations in schema["paths"].values():
        for operation in operations.values():
            assert "application/problem+json" in operation["responses"]["422"]["content"]
            assert {"apiKey": []} in operation["security"]
