"""The machine that answers requests; it knows no resource."""
