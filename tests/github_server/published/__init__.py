"""What GitHub itself publishes about its API, and how every request and reply is held against it.

description    its OpenAPI description, cut down to what this server serves (npm @octokit/openapi)
schemas        from OpenAPI's dialect to JSON Schema, closed against keys that GitHub does not list
departures     where GitHub does otherwise than it describes: the one list of what is let through
rest           requests and replies of REST
variables      requests of GraphQL, under the official schema
uses           what the program sends, against the list that it declares
violations     what was found, kept on disk for the fixture that fails the test
"""
