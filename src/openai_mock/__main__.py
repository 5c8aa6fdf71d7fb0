"""`python -m openai_mock` is the command `openai-mock`."""

from __future__ import annotations

from openai_mock.faces.cli import main

if __name__ == "__main__":
    main()
