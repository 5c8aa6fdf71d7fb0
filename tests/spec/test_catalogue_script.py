"""The stored catalogue is what the installed SDK gives, and its names are the SDK's own."""

import gzip
import importlib.resources
import json

import openai
import pytest

from openai_mock.faces.catalogue import build
from openai_mock.spec.operations import load, pack


@pytest.fixture(scope="module")
def document():
    return build()


@pytest.fixture(scope="module")
def operations(document):
    return {record["name"]: record for record in document["operations"]}


def test_the_stored_file_is_up_to_date(document):
    if load().sdk != openai.__version__:
        pytest.skip(f"the stored catalogue is of openai {load().sdk}, installed is {openai.__version__}")
    stored = importlib.resources.files("openai_mock.spec").joinpath("catalog.json.gz").read_bytes()
    found, built = (canonical(json.loads(gzip.decompress(data))) for data in (stored, pack(document)))
    assert found == built, "run scripts/catalog"


def canonical(value):
    """Python keeps one object for equal unions, so the order of branches depends on what was imported before."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    return sorted(map(canonical, value), key=repr) if isinstance(value, list) else value


def test_every_call_of_the_sdk_is_there_once(document):
    keys = [(record["method"], record["path"], record["beta"]) for record in document["operations"]]
    assert len(keys) == len(set(keys))
    assert len(keys) >= 388 or openai.__version__ != "3.51.0"


def test_names_and_aliases_are_methods_of_a_real_client(document):
    with openai.OpenAI(api_key="unused") as client:
        for record in document["operations"]:
            for name in (record["name"], *record["aliases"]):
                method = client
                for step in name.split("."):
                    method = getattr(method, step)
                assert callable(method), name


def test_names_are_unique_and_sorted(document):
    names = [record["name"] for record in document["operations"]]
    assert names == sorted(set(names))
    aliases = [alias for record in document["operations"] for alias in record["aliases"]]
    assert not set(names) & set(aliases)


def test_bodies_are_closed_and_answers_are_open(document):
    for record in document["operations"]:
        variants = record["body"].get("anyOf", [record["body"]]) if record["body"] else []
        assert all(variant["additionalProperties"] is False for variant in variants), record["name"]
    assert "additionalProperties" not in document["schemas"]["chat.chat_completion.ChatCompletion"]


def test_a_streaming_body_is_one_object(operations):
    body = operations["chat.completions.create"]["body"]
    assert body["properties"]["stream"] == {"type": ["boolean", "null"]}
    assert body["required"] == ["messages", "model"]
    assert operations["chat.completions.create"]["events"] == {
        "$ref": "#/$defs/chat.chat_completion_chunk.ChatCompletionChunk",
    }


def test_query_and_body_of_one_typed_dict_are_told_apart(operations):
    record = operations["conversations.items.create"]
    assert list(record["body"]["properties"]) == ["items"]
    assert list(record["query"]["properties"]) == ["include"]


def test_headers_stay_out_of_bodies(operations):
    assert "openai-beta" not in json.dumps([operations["beta.responses.create"][key] for key in ("body", "query")])
    assert operations["beta.responses.create"]["beta"] == "responses_multi_agent=v1"
    assert operations["beta.responses.create"]["marker"] == {"beta": "true"}
    assert operations["beta.agents.environments.create"]["headers"] == {"Idempotency-Key": {"type": "string"}}


def test_files_are_binary_alone_and_in_lists(operations):
    binary = {"type": "string", "format": "binary"}
    properties = operations["images.edit"]["body"]["properties"]
    assert properties["image"] == {"anyOf": [binary, {"type": "array", "items": binary}]}
    assert properties["mask"] == binary
    assert operations["images.edit"]["body_kind"] == "multipart"


def test_an_answer_chosen_at_run_time_has_its_json_types(operations):
    names = [part["$ref"].rpartition(".")[2] for part in operations["audio.transcriptions.create"]["response"]["anyOf"]]
    assert sorted(names) == ["Transcription", "TranscriptionDiarized", "TranscriptionVerbose"]


@pytest.mark.parametrize(
    ("name", "kind", "page"),
    [
        ("files.list", "page", "CursorPage"),
        ("models.list", "page", "Page"),
        ("files.content", "binary", None),
        ("realtime.calls.create", "text", None),
        ("responses.delete", "none", None),
        ("beta.agents.sessions.events.stream", "events", None),
        ("batches.create", "json", None),
    ],
)
def test_kinds_of_answers(operations, name, kind, page):
    assert (operations[name]["response_kind"], operations[name]["page"]) == (kind, page)


def test_duplicates_keep_the_name_that_is_not_deprecated(operations):
    assert operations["files.content"]["aliases"] == ["files.retrieve_content"]
    assert operations["chat.completions.create"]["aliases"] == ["beta.chat.completions.create"]


def test_created_is_answered_where_it_is_documented(document):
    created = {record["name"] for record in document["operations"] if record["status"] == 201}
    assert created == {"evals.create", "evals.runs.create", "realtime.calls.create"}


def test_admin_operations_ask_for_an_admin_key(operations):
    assert operations["admin.organization.projects.list"]["security"] == "admin"
    assert operations["files.list"]["security"] == "user"


def test_null_is_folded_into_types_and_enums(document):
    batch = document["schemas"]["batch.Batch"]["properties"]
    assert batch["output_file_id"] == {"type": ["string", "null"]}
    assert batch["usage"] == {"anyOf": [{"$ref": "#/$defs/batch_usage.BatchUsage"}, {"type": "null"}]}
    assert batch["object"] == {"const": "batch"}


def test_unions_name_their_discriminator(operations):
    item = operations["conversations.items.list"]["item"]
    assert item["x-discriminator"] == "type"
