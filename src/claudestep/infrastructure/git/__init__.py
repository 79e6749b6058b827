"""git as a backend: processes, objects, work trees, and the local host of pull requests."""
