"""GitHub, asked over its REST and GraphQL interfaces."""
