"""Memory that outlives the process."""
