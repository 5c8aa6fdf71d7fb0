"""Benchmarks: what openai-mock costs, as ratios to floors measured on the same machine under the same load."""
