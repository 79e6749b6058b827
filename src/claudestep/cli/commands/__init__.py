"""One command a module: parse, run, present."""
