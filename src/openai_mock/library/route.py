"""A route: how calls of one operation, or those that fit a rule, are answered, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Self

from openai_mock.engine.journal import Entry
from openai_mock.library.answering import after, answering, failing, written
from openai_mock.library.answers import Answers
from openai_mock.library.arguments import failing_status, listed, seconds
from openai_mock.library.calls import Calls
from openai_mock.library.streaming import streaming
from openai_mock.library.views import MadeCall
from openai_mock.rules.answer import Answer, answer_of
from openai_mock.rules.fill import MisfilledError, compiled
from openai_mock.spec.operations import Operation
from openai_mock.spec.router import Router

_SETTABLE = frozenset({"_name", "_operation", "_answers", "_history", "response", "delay"})


class History:
    """Where a route finds its calls: which entries of the journal are its own, and how many there were."""

    def __init__(
        self,
        router: Router,
        entries: Callable[[], Sequence[Entry]],
        count: Callable[[], int],
        forget: Callable[[], None],
    ) -> None:
        self.entries, self.count, self.forget, self._router = entries, count, forget, router

    def calls(self, name: str) -> Calls:
        """The calls as a live list."""
        return Calls(name, lambda: [MadeCall(entry, self._router) for entry in self.entries()], self.count)


class Route:
    """How calls are answered and what became of them; `mock.chat.completions.create` is one, `mock.when(...)` another.

    Answers with `times` are used first, in the order they were given; then the latest one without.
    """

    def __init__(self, name: str, operation: Operation | None, answers: Answers, history: History) -> None:
        self._name, self._operation, self._answers, self._history = name, operation, answers, history

    @property
    def name(self) -> str:
        """The operation's own name, or the conditions of a rule."""
        return self._name

    @property
    def response(self) -> Any:
        """What answers: a text, a dict laid over the mock's own answer, a model of the SDK, a response of httpx, a
        function, an exception, or a list with one of these a call. None returns to the mock's own answer.

        Setting it raises ValueError, with a sentence, for what cannot be an answer.
        """
        return self._answers.given

    @response.setter
    def response(self, value: Any) -> None:
        if value is None:
            self._answers.clear()
        else:
            self._answers.add(answering(value, self._operation), None, value)

    @property
    def delay(self) -> float:
        """Seconds before each answer, whoever gives it. A client that is less patient times out."""
        return self._answers.delay

    @delay.setter
    def delay(self, value: float) -> None:
        self._answers.delayed(seconds("delay", value))

    def reply(
        self,
        answer: Any = None,
        *,
        tool_calls: Sequence[str | Mapping[str, Any]] = (),
        refusal: str | None = None,
        finish_reason: str | None = None,
        model: str | None = None,
        usage: Mapping[str, Any] | None = None,
        reasoning: str | Sequence[str] = (),
        annotations: Sequence[Mapping[str, Any]] = (),
        audio: Mapping[str, Any] | None = None,
        logprobs: Sequence[Mapping[str, Any]] | None = None,
        template: bool = False,
        times: int | None = None,
        delay: float = 0.0,
    ) -> Self:
        """Answer with a text, with calls of tools, or with any form that `response` takes.

        A tool call is a name, `{"name": ..., "arguments": {...}}`, or OpenAI's object. Several texts in a list are
        one a call. `model` and `usage` are laid over the answer; `reasoning`, `annotations`, `audio` and `logprobs` are
        as in a rule of a file. With `template`, texts with `{{ }}` are filled in for each call. `times` calls get it,
        then those before or after it; without `times` it stays. Raises ValueError or TypeError for what is no answer.
        """
        said = {"tool_calls": listed("tool_calls", tool_calls), "refusal": refusal, "finish_reason": finish_reason,
                "usage": usage, "response": None if model is None else {"model": model}, "reasoning": reasoning,
                "annotations": annotations, "audio": audio, "logprobs": logprobs}  # fmt: skip
        given = {key: value for key, value in said.items() if value not in (None, (), [], "")}
        if isinstance(answer, str) or (answer is None and given):
            form = written(_read({**given, "content": answer}, template=template))
        elif given or template:
            raise ValueError(f"{', '.join(given) or 'template'} goes with a text. Put it into the answer itself.")
        elif answer is None:
            raise ValueError("A reply needs an answer: .reply('Hello'), .reply(tool_calls=[...]) or .reply({...}).")
        else:
            form = answering(answer, self._operation)
        self._answers.add(after(seconds("delay", delay), form), times, answer)
        return self

    def fail(
        self,
        status: int = 500,
        *,
        code: str | None = None,
        message: str | None = None,
        type: str | None = None,  # noqa: A002 - the field's own name
        param: str | None = None,
        times: int | None = None,
        retry_after: float | None = None,
        delay: float = 0.0,
    ) -> Self:
        """Answer with an error in OpenAI's words for its status; `code`, `message`, `type` and `param` replace them.

        `times` calls fail, then the other answers go on. `retry_after` is how many seconds the client is told to wait
        before it tries again; a millisecond unless given. Raises ValueError for a status below 400.
        """
        failing_status(status)
        fields = {"code": code, "message": message, "kind": type, "param": param, "retry_after": retry_after}
        self._answers.add(after(seconds("delay", delay), failing(status, fields)), times, None)
        return self

    def stream(self, parts: Iterable[Any], *, delay: float = 0.0, times: int | None = None) -> Self:
        """Answer with a stream of texts or of events, `delay` seconds apart; an exception among them breaks it there.

        Texts are what the model says: a client that does not ask for a stream gets them joined. Raises ValueError or
        TypeError for what cannot be streamed.
        """
        self._answers.add(streaming(parts, seconds("delay", delay)), times, None)
        return self

    @property
    def calls(self) -> Calls:
        """The calls, oldest first."""
        return self._history.calls(self._name)

    @property
    def called(self) -> bool:
        """Whether there was a call."""
        return self._history.count() > 0

    @property
    def call_count(self) -> int:
        """How many calls there were, those that failed included."""
        return self._history.count()

    def assert_called(self, times: int | None = None) -> None:
        """Raise AssertionError unless there was a call, or exactly `times` of them."""
        __tracebackhide__ = True
        self.calls.assert_called(times)

    def assert_called_once(self) -> None:
        """Raise AssertionError unless there was exactly one call."""
        __tracebackhide__ = True
        self.calls.assert_called_once()

    def assert_not_called(self) -> None:
        """Raise AssertionError if there was a call."""
        __tracebackhide__ = True
        self.calls.assert_not_called()

    def assert_called_with(self, **fields: Any) -> None:
        """Raise AssertionError unless some call was made with these values; see `Calls.assert_called_with`."""
        __tracebackhide__ = True
        self.calls.assert_called_with(**fields)

    def assert_called_once_with(self, **fields: Any) -> None:
        """Raise AssertionError unless there was exactly one call and it had these values."""
        __tracebackhide__ = True
        self.calls.assert_called_once_with(**fields)

    def reset(self) -> None:
        """Forget the answers, the delay and the calls."""
        self._answers.delayed(0.0)
        self._answers.clear()
        self._history.forget()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _SETTABLE:
            near = get_close_matches(name, ("response", "delay"), n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "There are 'response' and 'delay'."
            raise AttributeError(f"A route has no '{name}' to set. {hint}", name=name)
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"<Route {self._name}: called {self.call_count} times>"


def _read(given: Mapping[str, Any], *, template: bool) -> Answer:
    """An answer in the form of a rule. Raises ValueError for a template that cannot be read."""
    if not template:
        return answer_of(given)
    try:
        fill = compiled(given)
    except MisfilledError as error:
        raise ValueError(f"{'.'.join(map(str, error.at))}: {str(error).rstrip('.')}") from None
    return answer_of(given) if fill is None else Answer(fill=fill)
