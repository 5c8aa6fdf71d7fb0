"""Whether a request fits into its model: the context window, and the longest answer.

Theory. Nothing is counted that cannot be too long: a token is at least a byte, so a request of fewer bytes than the
window has tokens fits, and only pictures and files, which are counted by the piece, take more tokens than bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from openai_mock.turns.checks.misuse import Misuse
from openai_mock.turns.facts import Facts
from openai_mock.turns.tokens import FILE, encoding_for, prompt_tokens, tools_tokens

_AROUND = 16
"""More tokens than a message has besides its text."""
_LIMITS = ("max_completion_tokens", "max_tokens")
TOO_LONG = "context_length_exceeded"
INPUT_TOO_LONG = Misuse(
    "Your input exceeds the context window of this model. Please adjust your input and try again.", "input", TOO_LONG
)
"""What Responses says."""


def in_chat(body: Mapping[str, Any], known: Facts, size: int) -> Iterator[Misuse]:
    """What is too long in a chat whose request has `size` bytes."""
    asked = 0
    for name in _LIMITS:
        most = body.get(name) or 0
        asked = max(asked, most)
        if most > known.output:
            words = (
                f"{name} is too large: {most}. This model supports at most {known.output} completion tokens, whereas "
                f"you provided {most}."
            )
            yield Misuse(words, name, "invalid_value")
            return
    messages, model = body["messages"], body["model"]
    if size + pieces(messages) + asked <= known.room:
        return
    tools = [*(body.get("tools") or ()), *(body.get("functions") or ())]
    functions = tools_tokens(tools, encoding_for(model))
    read = prompt_tokens(messages, model) + functions
    if read > known.input:
        words = (
            f"Input tokens exceed the configured limit of {known.input} tokens. Your messages resulted in {read} "
            "tokens. Please reduce the length of the messages."
        )
        yield Misuse(words, "messages", TOO_LONG)
    elif read + asked > known.context:
        yield Misuse(_over(known.context, read, functions, asked), "messages", TOO_LONG)


def _over(context: int, read: int, functions: int, asked: int) -> str:
    said = f"This model's maximum context length is {context} tokens. However, "
    parts = [f"{read - functions} in the messages"]
    parts += [f"{functions} in the functions"] if functions else []
    things = ["messages", *(["functions"] if functions else []), *(["completion"] if asked else [])]
    reduce = f"Please reduce the length of the {_either(things, 'or')}."
    if not asked:
        split = f" ({', '.join(parts)})" if functions else ""
        return f"{said}your messages resulted in {read} tokens{split}. {reduce}"
    parts.append(f"{asked} in the completion")
    split = ", ".join(parts) if len(parts) < 3 else f"{', '.join(parts[:-1])}, and {parts[-1]}"
    return f"{said}you requested {read + asked} tokens ({split}). {reduce}"


def in_completion(prompt: int, asked: int, known: Facts) -> Iterator[Misuse]:
    """The older words, of completions and embeddings, for a prompt of so many tokens and an answer of so many."""
    if prompt + asked > known.context:
        words = (
            f"This model's maximum context length is {known.context} tokens, however you requested {prompt + asked} "
            f"tokens ({prompt} in your prompt; {asked} for the completion). Please reduce your prompt; or completion "
            "length."
        )
        yield Misuse(words)


def pieces(messages: Sequence[Mapping[str, Any]]) -> int:
    """The most tokens that pictures and files can take beyond their bytes."""
    return sum(FILE * len(content) for each in messages if isinstance(content := each.get("content"), list))


def overflows(messages: Sequence[Mapping[str, Any]], model: str, tools: Sequence[Any], most: int) -> bool:
    """Whether messages have more tokens than `most`; they are counted only where they might."""
    texts = [text for each in messages if len(each) == 2 and isinstance(text := each.get("content"), str)]
    plain = not tools and len(texts) == len(messages)
    if plain and sum([4 * len(text) + _AROUND for text in texts]) < most:
        return False
    return prompt_tokens(messages, model, tools) > most


def fitted(messages: Sequence[dict[str, Any]], model: str, tools: Sequence[Any], most: int) -> list[dict[str, Any]]:
    """Without the oldest messages, as many as it takes; what the system says first and the user last stays."""
    first = 1 if messages and messages[0]["role"] in {"system", "developer"} else 0
    last = max((at for at, each in enumerate(messages) if each["role"] == "user"), default=first)
    over = prompt_tokens(messages, model, tools) - most
    nothing = prompt_tokens([], model)
    start = first
    while over > 0 and start < last:
        over -= prompt_tokens([messages[start]], model) - nothing
        start += 1
    return [*messages[:first], *messages[start:]]


def _either(things: Sequence[str], word: str) -> str:
    if len(things) < 3:
        return f" {word} ".join(things)
    return f"{', '.join(things[:-1])}, {word} {things[-1]}"
