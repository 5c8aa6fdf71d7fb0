"""The user's answers: matchers, their index, and what they say."""
