"""Bad requests and OpenAI's words for them: the table that checks are judged by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def unfold(value: Any) -> Any:
    """`{"$repeat": [x, n]}` stands for a long text or array, `{"$file": name}` for a file."""
    if isinstance(value, dict):
        if "$repeat" in value:
            part, count = value["$repeat"]
            return unfold(part) * (count // len(part))
        return object() if "$file" in value else {key: unfold(item) for key, item in value.items()}
    return [unfold(item) for item in value] if isinstance(value, list) else value


_TABLE = Path(__file__).parent.parent / "spec" / "violations.jsonl"
VIOLATIONS: list[dict[str, Any]] = [json.loads(line) for line in _TABLE.read_text("utf-8").splitlines()]
