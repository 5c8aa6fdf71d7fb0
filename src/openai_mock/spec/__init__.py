"""What OpenAI promises: the catalogue of operations, routing, validation and examples."""
