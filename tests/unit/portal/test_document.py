"""One document of several."""

from services.portal.domain.document import merged

PROBLEM = {"type": "object", "required": ["title"]}


def place(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_components_are_named_for_their_service_unless_they_are_the_portals_own() -> None:
    own = {"openapi": "3.1.0", "paths": {"/a": {"get": {}}}, "components": {"schemas": {"Problem": PROBLEM}}}
    behind = {
        "paths": {"/b": {"get": {"said": [place("Page"), place("Problem")]}}},
        "components": {
            "schemas": {
                "Page": {"items": place("One"), "properties": {"$ref": {"type": "string"}}},
                "One": {},
                "Problem": dict(PROBLEM),
            }
        },
    }
    found = merged(own, {"registry": behind, "away": {}})
    assert found == {
        "openapi": "3.1.0",
        "paths": {"/a": {"get": {}}, "/b": {"get": {"said": [place("registry.Page"), place("Problem")]}}},
        "components": {
            "schemas": {
                "Problem": PROBLEM,
                "registry.Page": {
                    "items": place("registry.One"),
                    "properties": {"$ref": {"type": "string"}},
                },
                "registry.One": {},
            }
        },
    }


def test_what_only_looks_the_same_keeps_its_services_name() -> None:
    own = {"paths": {}, "components": {"schemas": {"Nothing": {"title": "a"}}}}
    behind = {"paths": {}, "components": {"schemas": {"Nothing": {"title": "b"}}}}
    found = merged(own, {"alerting": behind, "dispatch": behind})
    assert sorted(found["components"]["schemas"]) == ["Nothing", "alerting.Nothing", "dispatch.Nothing"]
