"""The workflows and the action as they are, run by `act` on this machine: no docker, no network.

    runner            a stage: a repository on the GitHub test server, a stub of the Messages API, and its runs
    run               one run: act on a clone, what a test does to it meanwhile, what must hold at its end
    journal           what a run said and did, read from act's log
    workflow_files    which files an event starts, what they may, and what they use
    release, caches   this repository as a release of the action holds it, and what the action has installed before
    actions, toys     stand-ins for the actions of others; a workflow and an action for the tests of all that
    linting           what others lint actions and workflows with

Where act differs from GitHub is said in docs/architecture/testing-guide.md.
"""
