"""Every file format ends here as a `Plan`."""
