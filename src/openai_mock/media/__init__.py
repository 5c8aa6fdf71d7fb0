"""Small valid images, sounds and films, and what can be read from the ones that clients upload."""
