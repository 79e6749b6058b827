"""GraphQL answers: data and errors side by side, under status 200."""

from datetime import datetime

from claudestep.domain.errors import HostError, Limited, NotFound, Transient, Unrecognized
from claudestep.infrastructure.github.api.decipher import problem
from claudestep.infrastructure.github.api.protocol import GraphQLAnswer, GraphQLError, Reply, decoded


def query_data(reply: Reply, at: datetime, *, missing_ok: bool) -> bytes:
    """The data of a query's answer, as JSON. Raises HostError for any error in it.

    With `missing_ok`, that something below `repository` is not found is no error: it is null in the data.
    """
    answer = decoded(reply.body, GraphQLAnswer)
    errors = [(entry, problem(entry, reply, at)) for entry in answer.errors or ()]
    serious = [error for entry, error in errors if not (missing_ok and _is_gap(entry, error))]
    if serious:
        raise _worst(serious)
    return bytes(answer.data)


def mutation_data(reply: Reply, at: datetime, *, partial: bool) -> tuple[bytes, tuple[HostError, ...]]:
    """The data of a mutation's answer, as JSON, and with `partial` the errors about single fields of it.

    Raises HostError. Where a field has a value and an error is none that surely refuses the mutation, that is
    Transient: it may have been done. So a limit, after which it is sent again, is raised only where nothing was.
    """
    answer = decoded(reply.body, GraphQLAnswer)
    entries = answer.errors or ()
    errors = tuple(problem(entry, reply, at) for entry in entries)
    done = _has_values(answer)
    limits = [error for error in errors if isinstance(error, Limited)]
    if limits and not done:
        raise limits[0]
    whole = [error for error in errors if not error.alias]
    if not errors or (partial and not whole):
        return bytes(answer.data), errors
    worst = _worst(whole or list(errors))
    if done and not all(map(_is_refusal, entries, errors)):
        raise Transient(f"GitHub did a part of it only, or all: {worst}") from worst
    raise worst


def _is_gap(entry: GraphQLError, error: HostError) -> bool:
    return isinstance(error, NotFound) and len(entry.path) > 1 and entry.path[0] == "repository"


def _is_refusal(entry: GraphQLError, error: HostError) -> bool:
    """Whether an error is about a mutation and known to refuse it; one below it is about what it should return."""
    return len(entry.path) <= 1 and not isinstance(error, (Unrecognized, Limited, Transient))


def _worst(errors: list[HostError]) -> HostError:
    """The one to tell: what is not found is often a consequence, or not all of it."""
    return min(errors, key=lambda error: isinstance(error, NotFound))


def _has_values(answer: GraphQLAnswer) -> bool:
    """Whether any field of the data is there."""
    data = decoded(bytes(answer.data), object)
    return isinstance(data, dict) and any(value is not None for value in data.values())
