"""The check stage: a request's parameters, query and body, decoded once and validated, or OpenAI's 400."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from openai_mock.engine.bodies import is_json, read_json
from openai_mock.engine.errors import ApiError, not_a_form, unknown_model, unknown_model_in_chat
from openai_mock.engine.forms import form_pairs
from openai_mock.engine.model_object import TUNED, is_gone, kept_model
from openai_mock.engine.resource import World
from openai_mock.engine.sessions import session_of
from openai_mock.spec.families import is_model_call
from openai_mock.spec.operations import Operation
from openai_mock.spec.router import Found
from openai_mock.spec.validate import Validators
from openai_mock.spec.words import Violation
from openai_mock.wire import Request

_NOTHING: Mapping[str, Any] = dict[str, Any]()


class Checked(Struct, frozen=True):
    """What a handler may rely on. `ignored` are the unknown names that leniency let pass."""

    query: Mapping[str, Any]
    body: Any
    ignored: tuple[str, ...] = ()


def check(validators: Validators, found: Found, request: Request, world: World) -> Checked:
    """Decode and validate. Raises ApiError with OpenAI's words for the first thing that is wrong."""
    operation, lenient = found.operation, world.lenient
    if found.params and (flaw := validators.check_params(operation, found.params)):
        raise refused(flaw)
    query = validators.check_query(operation, request.query, lenient=lenient)
    if isinstance(query, Violation):
        raise refused(query)
    if operation.body_kind is None:
        return Checked(query.values, _NOTHING, query.ignored)
    body = _body(validators, operation, request)
    if found.deployment is not None and isinstance(body, dict):
        body.setdefault("model", found.deployment)
    verdict = validators.check_body(operation, body, lenient=lenient)
    if isinstance(verdict, Violation):
        raise refused(verdict)
    if world.strict_models or (body.__class__ is dict and str(body.get("model"))[:3] == TUNED):
        _known_model(operation, body, request, world)
    if verdict:
        return Checked(query.values, body, query.ignored + verdict)
    return Checked(query.values, body, query.ignored)


def _known_model(operation: Operation, body: Any, request: Request, world: World) -> None:
    """A model that does not exist is an error, in chat with a status of its own: where models are strict any that is
    neither listed nor fine-tuned, and always a fine-tuned one that was deleted.
    """
    model = body.get("model") if isinstance(body, dict) else None
    if not isinstance(model, str) or not model or model in world.models or not is_model_call(operation.name):
        return
    store = world.sessions.store(session_of(request.headers))
    if is_gone(store, model) or (world.strict_models and kept_model(store, model) is None):
        raise unknown_model_in_chat(model) if operation.name.startswith("chat.") else unknown_model(model)


def refused(flaw: Violation) -> ApiError:
    """A violation as the 400 that the client gets."""
    return ApiError(400, flaw.message, param=flaw.param, code=flaw.code)


def _body(validators: Validators, operation: Operation, request: Request) -> Any:
    content_type = request.headers.get("content-type", "")
    if operation.body_kind == "json" or not content_type or is_json(content_type):
        return read_json(request)
    try:
        return validators.read_form(operation, form_pairs(request.body, content_type))
    except ValueError as fault:
        raise not_a_form(str(fault)) from None
