"""`openai-mock routes`: the catalogue of operations, and what answers each."""

from __future__ import annotations

from difflib import get_close_matches

import msgspec

from openai_mock.engine.coverage import Covered, as_json, counts
from openai_mock.mock import OpenAIMock
from openai_mock.spec.operations import Catalogue


def listing(word: str, catalogue: Catalogue, *, as_json_text: bool, coverage: bool) -> tuple[bool, str]:
    """Whether any operation contains `word`, and the text to print either way; `coverage` adds up what answers."""
    found = [each for each in OpenAIMock(catalogue=catalogue).coverage() if _matches(each, word)]
    if not found:
        near = get_close_matches(word, catalogue.operations, n=1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else "Leave the word away to see them all."
        return False, f"No operation contains '{word}'. {hint}"
    if as_json_text:
        return True, msgspec.json.format(msgspec.json.encode(_as_json(found, coverage=coverage)), indent=2).decode()
    return True, _as_text(found) + (f"\n\n{_summed(found)}" if coverage else "")


def _matches(covered: Covered, word: str) -> bool:
    return word.lower() in f"{covered.method} {covered.path} {covered.operation}".lower()


def _as_json(found: list[Covered], *, coverage: bool) -> object:
    report = as_json(found)
    return report if coverage else report["operations"]


def _as_text(found: list[Covered]) -> str:
    path, name = max(len(each.path) for each in found), max(len(each.operation) for each in found)
    return "\n".join(
        f"{each.method:<6} {each.path:<{path}}  {each.operation:<{name}}  {each.answered}" for each in found
    )


def _summed(found: list[Covered]) -> str:
    by = counts(found)
    return (
        f"{by['operations']} operations: {by['resource']} by a resource of their own, {by['memory']} by memory, "
        f"{by['example']} by an example."
    )
