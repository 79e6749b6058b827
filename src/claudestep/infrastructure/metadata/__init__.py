"""The metadata branch: documents as JSON, and the store that keeps them."""
