"""The only input and output: each door shows the engine to one kind of client."""
