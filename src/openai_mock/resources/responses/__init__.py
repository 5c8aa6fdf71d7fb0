"""Responses: one request in, an object of output items out; the stream is a projection of that object."""
