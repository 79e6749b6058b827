"""The client of GitHub: what is said and what it says as values, one transport, one place that tries again."""
