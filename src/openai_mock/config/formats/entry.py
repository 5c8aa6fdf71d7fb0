"""The keys that entries of every format have."""

from __future__ import annotations

from openai_mock.config.formats.faults import FAULTS
from openai_mock.config.formats.timing import DELAY_KEY, PACE_KEY

ON_THE_WAY = {"pace": PACE_KEY, "delay": DELAY_KEY, "faults": FAULTS}
"""What happens to an answer between the rule and the client."""
