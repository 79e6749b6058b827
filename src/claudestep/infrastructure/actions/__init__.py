"""GitHub Actions: what a workflow tells a program, and how the program tells the workflow."""
