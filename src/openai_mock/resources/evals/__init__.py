"""Evals: what is tested and how it is graded, and runs that really ask and grade."""
