"""A GitHub of our own on loopback: repositories on disk, REST, GraphQL under the official schema, git over HTTP.

It behaves as github-facts say, with GitHub's statuses and words, and breaks down where a test tells it to.
`fixture` has what tests use. Inside, every request goes one way:

    middleware.Gate     who asks, limits, faults before and after the work, headers, log
    graphql/, rest/     the two front ends of the API; smart_http serves git
    issues, pulls, merging, refs, authoring     what can be done, under the lock of the repository
    state, threads, people, objects             what there is
    control*            the commands of tests: other people's doings, faults, the log
"""
