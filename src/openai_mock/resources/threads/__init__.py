"""Assistants, their threads, and the runs that answer on a thread."""
