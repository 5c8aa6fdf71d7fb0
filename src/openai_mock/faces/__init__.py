"""What users run: the command line and the plugins."""
