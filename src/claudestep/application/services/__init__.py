"""Questions to the metadata."""
