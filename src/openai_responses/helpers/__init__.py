"""Objects of the API made from requests and from parts of them."""

from __future__ import annotations

from openai_responses.helpers import builders, mergers

__all__ = ["builders", "mergers"]
