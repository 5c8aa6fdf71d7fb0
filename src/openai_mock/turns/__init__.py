"""What the model says, for every API."""
