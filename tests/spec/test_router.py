"""Every operation is reached by its own path on every base path, and nothing else is."""

import re
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openai_mock.spec.operations import Operation, load
from openai_mock.spec.router import BASES, Found, Miss, Router

OPERATIONS = sorted(load().operations.values(), key=lambda operation: operation.name)
ROUTER = Router(OPERATIONS)
BETA = "openai-beta"


def op(method, path, beta=None, **more):
    return Operation(
        name=f"{method} {path} {beta}",
        method=method,
        path=path,
        path_params=dict.fromkeys(re.findall(r"{(\w+)}", path)),
        beta=beta,
        **more,
    )


def headers_of(operation):
    return {BETA: operation.beta} if operation.beta else {}


def url(operation, values):
    return re.sub(r"{(\w+)}", lambda match: quote(values[match[1]], safe=""), operation.path)


@given(
    st.sampled_from(OPERATIONS),
    st.sampled_from((*BASES, "/openai/deployments/my-model")),
    st.data(),
)
def test_every_operation_is_reached_with_any_ids(operation, base, data):
    ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
    values = {name: data.draw(ids, label=name) for name in operation.path_params}
    siblings = {other.path for other in OPERATIONS}
    assume(url(operation, values) == operation.path or url(operation, values) not in siblings)
    found = ROUTER.find(operation.method, base + url(operation, values), headers_of(operation))
    assert isinstance(found, Found)
    assert found.operation is operation
    assert dict(found.params) == values
    assert found.deployment == ("my-model" if "deployments" in base else None)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_no_operation_is_shadowed(operation):
    values = dict.fromkeys(operation.path_params, "id-1")
    found = ROUTER.find(operation.method, "/v1" + url(operation, values), headers_of(operation))
    assert isinstance(found, Found)
    assert found.operation is operation


@given(st.text(), st.sampled_from(["GET", "POST", "BREW", ""]))
def test_any_text_is_a_path_or_a_miss(path, method):
    found = ROUTER.find(method, path, {})
    assert isinstance(found, Found | Miss)
    if isinstance(found, Miss):
        assert method not in found.allowed


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "v1/models",
        "/v1",
        "/v1/",
        "/V1/models",
        "/v1/Models",
        "/v1/models/",
        "/v1//models",
        "//v1/models",
        "/v1/v1/models",
        "/v1/files//content",
        "/openai",
        "/openai/deployments",
        "/openai/deployments/x",
        "/openai/deployments//chat/completions",
        "/v1/nope",
        "/v1/models/org/name",
    ],
)
def test_an_unknown_url(path):
    assert ROUTER.find("GET", path, {}) == Miss()
    assert ROUTER.allowed(path) == ()


def test_a_wrong_method_names_the_right_ones():
    assert ROUTER.find("DELETE", "/v1/models", {}) == Miss(("GET",))
    assert ROUTER.find("PUT", "/v1/files/file-1", {}) == Miss(("DELETE", "GET"))
    assert ROUTER.allowed("/v1/files") == ("GET", "POST")
    assert ROUTER.allowed("/openai/deployments/x/chat/completions") == ("GET", "POST")


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/gpt-4o"])
def test_head_is_get(path):
    assert ROUTER.find("HEAD", path, {}) == ROUTER.find("GET", path, {})


def test_head_without_get_is_a_wrong_method():
    assert ROUTER.find("HEAD", "/v1/embeddings", {}) == Miss(("POST",))


def test_ids_are_decoded_after_the_path_is_split():
    found = ROUTER.find("GET", "/v1/models/ft%3Agpt%2F4%20o", {})
    assert found.params == {"model": "ft:gpt/4 o"}


def test_encoded_literals_are_literals():
    assert ROUTER.find("GET", "/v1/%6Dodels", {}).operation.name == "models.list"


def test_a_deployment_is_decoded():
    assert ROUTER.find("POST", "/openai/deployments/my%20gpt/embeddings", {}).deployment == "my gpt"


@pytest.mark.parametrize(
    ("headers", "query", "name"),
    [
        ({}, "", "responses.create"),
        ({}, "api-version=preview", "responses.create"),
        ({BETA: "assistants=v2"}, "", "responses.create"),
        ({BETA: "responses_multi_agent=v1"}, "", "beta.responses.create"),
        ({BETA: "assistants=v2, responses_multi_agent=v1"}, "", "beta.responses.create"),
        ({}, "a=b&beta=true", "beta.responses.create"),
        ({}, "beta=truest", "responses.create"),
    ],
)
def test_the_beta_chooses_among_twins(headers, query, name):
    assert ROUTER.find("POST", "/v1/responses", headers, query).operation.name == name
    suffix = name.replace("create", "retrieve")
    assert ROUTER.find("GET", "/v1/responses/resp_1", headers, query).operation.name == suffix


def test_a_beta_operation_without_a_twin_needs_no_header():
    assert ROUTER.find("GET", "/v1/assistants", {}).operation.name == "beta.assistants.list"


def test_a_literal_goes_before_a_parameter_but_only_with_the_method():
    literal, parameter = op("POST", "/threads/runs"), op("GET", "/threads/{id}")
    router = Router([parameter, literal, op("POST", "/threads/{id}")])
    assert router.find("POST", "/threads/runs", {}).operation is literal
    assert router.find("GET", "/threads/runs", {}) == Found(parameter, {"id": "runs"})
    assert router.allowed("/threads/runs") == ("GET", "POST")


def test_a_walk_turns_back_from_a_literal_that_leads_nowhere():
    deep, other = op("GET", "/a/{x}/{y}/c"), op("GET", "/a/b/{y}/d")
    router = Router([deep, other])
    assert router.find("GET", "/a/b/z/c", {}) == Found(deep, {"x": "b", "y": "z"})
    assert router.find("GET", "/a/b/z/d", {}) == Found(other, {"y": "z"})


def test_parameters_carry_the_names_of_the_operation_found():
    router = Router([op("GET", "/a/{one}"), op("POST", "/a/{two}")])
    assert router.find("GET", "/a/x", {}).params == {"one": "x"}
    assert router.find("POST", "/a/x", {}).params == {"two": "x"}


def test_a_later_operation_replaces_an_earlier_one():
    first, second = op("GET", "/a", status=200), op("GET", "/a", status=202)
    assert Router([first, second]).find("GET", "/a", {}).operation is second


@pytest.mark.parametrize("path", ["/a/{id}:cancel", "/a//b", "/a/"])
def test_a_path_of_another_shape_is_refused(path):
    with pytest.raises(ValueError, match=r"neither plain text nor \{one\} name"):
        Router([op("GET", path)])


def test_undescribed_parameters_are_refused():
    with pytest.raises(ValueError, match="in the order of the path"):
        Router([Operation(name="a", method="GET", path="/a/{id}")])


def test_static_answers_share_no_mutable_state():
    with pytest.raises(TypeError):
        ROUTER.find("GET", "/v1/models", {}).params["x"] = "y"
