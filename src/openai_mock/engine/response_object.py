"""The stored response: where it is kept, and the bytes beside it that hold its input."""

from __future__ import annotations

RESPONSES = "responses.retrieve"
"""An operation that names the collection."""
INPUT = "input"
"""The name of the bytes beside a response that hold its whole input, history and all, as a JSON array of items."""
