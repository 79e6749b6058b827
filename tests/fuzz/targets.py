"""All targets, by name."""

from tests.fuzz import files, replies, texts, worlds

TARGETS = {target.name: target for target in (*files.TARGETS, *texts.TARGETS, *replies.TARGETS, *worlds.TARGETS)}
