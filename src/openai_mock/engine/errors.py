"""OpenAI's errors: one exception, and one table of the words OpenAI uses (seen in recorded traffic)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from openai_mock.wire import Headers

_HELP = "please contact us through our help center at help.openai.com"
_NO_KEY_OLDER = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the "
    "API from your browser and are prompted for a username and password. You can obtain an API key from "
    "https://platform.openai.com/account/api-keys."
)


class ApiError(Exception):
    """An error that the client sees. `extra` joins OpenAI's four keys, `headers` join the answer's."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",  # noqa: A002 - the field's own name
        param: str | None = None,
        code: str | None = None,
        extra: Mapping[str, Any] | None = None,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.type, self.param, self.code = status, message, type, param, code
        self.extra, self.headers = extra or {}, headers
        self.rule: str | None = None
        """The rule that wants this error, for the journal."""

    def body(self) -> dict[str, Any]:
        """The JSON object OpenAI sends."""
        four = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return {"error": {**four, **self.extra}}


def unknown_url(method: str, path: str) -> ApiError:
    """No operation has this path."""
    hint = ". GET /_mock/openapi.json lists what there is." if path.startswith("/_mock") else ""
    return ApiError(404, f"Invalid URL ({method} {path}){hint}")


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> ApiError:
    """The path exists, the method does not."""
    hint = "(HINT: Perhaps you meant to use a different HTTP method?)"
    allow = (b"allow", ", ".join(allowed).encode())
    return ApiError(405, f"Not allowed to {method} on {path}. {hint}", headers=(allow,))


def no_key(*, older: bool) -> ApiError:
    """No credentials at all; the older operations say it at length."""
    return ApiError(401, _NO_KEY_OLDER if older else "Missing bearer or basic authentication in header")


def wrong_key(key: str) -> ApiError:
    """A key that is not one of the configured ones. It is shown masked."""
    where = "You can find your API key at https://platform.openai.com/account/api-keys."
    return ApiError(401, f"Incorrect API key provided: {masked(key)}. {where}", code="invalid_api_key")


def missing_scope(scope: str) -> ApiError:
    """A known key that may not do this: a project's key on the organization, or the other way around."""
    return ApiError(
        403,
        f"You have insufficient permissions for this operation. Missing scopes: {scope}. Check that you have the "
        "correct role in your organization (Reader, Writer, Owner) and your project (Member, Owner), and if you're "
        "using a restricted API key, that it has the necessary scopes.",
    )


def no_beta_header(api: str, value: str) -> ApiError:
    """An operation of a beta, asked for without saying so."""
    return ApiError(
        400,
        f"You must provide the 'OpenAI-Beta' header to access the {api} API. Please try again by setting the header "
        f"'OpenAI-Beta: {value}'.",
        code="invalid_beta",
    )


def bad_client_request_id() -> ApiError:
    """The client's own request id breaks the documented bounds; the words are ours."""
    message = "Invalid 'X-Client-Request-Id' header: it must have at most 512 characters, all of them ASCII."
    return ApiError(400, message, code="invalid_value")


def masked(key: str) -> str:
    """`sk-abc****wxyz`: enough to recognise a key, never enough to use it."""
    if len(key) < 14:
        return key[:3] + "****" if len(key) > 6 else "****"
    return f"{key[:6]}****{key[-4:]}"


def not_json() -> ApiError:
    """The body cannot be decoded."""
    hint = (
        "(HINT: This likely means you aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, "
        f"but what was sent was not valid JSON. If you have trouble figuring out how to fix this, {_HELP}.)"
    )
    return ApiError(400, f"We could not parse the JSON body of your request. {hint}")


def wrong_content_type(sent: str, expected: str) -> ApiError:
    """The body announces itself as something the operation does not read."""
    return ApiError(
        400,
        f"Unsupported content type: '{sent}'. This API method only accepts '{expected}' requests, but you specified "
        f"the header 'Content-Type: {sent}'. Please try again with a supported content type.",
        code="unsupported_content_type",
    )


def not_a_form(why: str) -> ApiError:
    """A form that cannot be taken apart; `why` is a sentence."""
    return ApiError(400, f"Could not parse multipart form. {why}")


def unknown_model_in_chat(model: str) -> ApiError:
    """Chat and the older operations answer 404."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return ApiError(404, message, code="model_not_found")


def unknown_model(model: str) -> ApiError:
    """Responses and the newer operations answer 400."""
    message = f"The requested model '{model}' does not exist."
    return ApiError(400, message, param="model", code="model_not_found")


def invalid_size(size: str) -> ApiError:
    """A size of a picture that is not WIDTHxHEIGHT."""
    message = f"Invalid value: '{size}'. Supported values are: 'auto' and sizes such as '1024x1024'."
    return ApiError(400, message, param="size", code="invalid_value")


def no_such_model(model: str) -> ApiError:
    """The models resource itself."""
    return ApiError(404, f"The model '{model}' does not exist", param="model", code="model_not_found")


_WORDS: Mapping[str, tuple[str, str | None]] = {
    "/files": ("No such File object: {id}", "id"),
    "/responses": ("Response with id '{id}' not found.", None),
    "/chat/completions": ("Completion {id} not found", "completion_id"),
    "/vector_stores": ("Vector store with id '{id}' not found.", None),
    "/uploads": ("No such Upload object: {id}", "id"),
    "/batches": ("No batch found with id '{id}'.", None),
    "/conversations": ("Conversation with id '{id}' not found.", None),
    "/containers": ("Container with id '{id}' not found.", None),
    "/fine_tuning/jobs": ("Could not find fine tune: {id}", "fine_tune_id"),
    "/vector_stores/{vector_store_id}/files": (
        "No file found with id '{id}' in vector store '{vector_store_id}'.",
        None,
    ),
    "/videos": ("Video with id '{id}' not found.", None),
}
"""The words for an unknown id, by the path of its collection, and the parameter that is named."""
_CODES: Mapping[str, str] = {"/chat/completions": "not_found", "/fine_tuning/jobs": "fine_tune_not_found"}


class UnknownIdError(ApiError):
    """An id names nothing; where ids are lenient, an example answers instead."""


def unknown_id(collection: str, id_: str, owners: Mapping[str, str] | None = None) -> UnknownIdError:
    """An id that names nothing in a collection, given by its path template; `owners` are the ids in its path."""
    words, param = _WORDS.get(collection, ("No {kind} found with id '{id}'.", None))
    kind = _singular(collection.rpartition("/")[2].replace("_", " "))
    code = _CODES.get(collection)
    return UnknownIdError(404, words.format(**(owners or {}), id=id_, kind=kind), param=param, code=code)


def _singular(plural: str) -> str:
    for ending, one in (("ies", "y"), ("ches", "ch"), ("s", "")):
        if plural.endswith(ending):
            return plural.removesuffix(ending) + one
    return plural


def not_yours(model: str) -> ApiError:
    """Deleting a model that belongs to OpenAI; the words are ours."""
    message = f"You have insufficient permissions to delete the model '{model}': only fine-tuned models can be deleted."
    return ApiError(403, message)


def server_error(request_id: str) -> ApiError:
    """Something broke on our side."""
    message = (
        "The server had an error processing your request. Sorry about that! You can retry your request, or contact us "
        "through our help center at help.openai.com if you keep seeing this error. "
        f"(Please include the request ID {request_id} in your email.)"
    )
    return ApiError(500, message, type="server_error")
