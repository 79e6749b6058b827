"""What GitHub does, asked of GitHub: on a scratch repository that CLAUDESTEP_LIVE_REPO names, and always here.

Every fact is one test, run on the GitHub server of the tests (`[test server]`), and on github.com (`[github.com]`)
where somebody names a repository for it. Where nobody knows what GitHub does, a test writes down what it found, and
asserts that ClaudeStep copes with it.

    ground      where the facts are asked: a repository, a token, a client, a clock; names with a random run id
    settings    what the environment says; openings     how a ground is found, guarded, and left as it was
    pacing      at most one write a second; it takes no time on the test server
    raw         requests of GitHub itself, without our program
    sweep       what is there, and what is taken away
    findings    what was found, fact by fact, as a table
"""
