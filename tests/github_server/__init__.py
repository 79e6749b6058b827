"""A GitHub of our own on loopback: repositories on disk, REST, GraphQL under the official schema, git over HTTP."""
