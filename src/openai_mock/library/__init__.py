"""What a test holds of a mock: routes named as in the SDK, rules, history, verification."""
