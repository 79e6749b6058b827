"""GraphQL answers: data and errors side by side, under status 200."""

from datetime import datetime

from claudestep.domain.errors import HostError, Limited, NotFound, Transient
from claudestep.infrastructure.github.decipher import problem
from claudestep.infrastructure.github.protocol import GraphQLAnswer, GraphQLError, Reply, decoded


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

    Raises HostError. A limit is raised only where no field has a value: what is sent again must not be done twice.
    """
    answer = decoded(reply.body, GraphQLAnswer)
    errors = tuple(problem(entry, reply, at) for entry in answer.errors or ())
    undone = not _has_values(answer)
    limits = [error for error in errors if isinstance(error, Limited)]
    if limits and undone:
        raise limits[0]
    if limits and not partial:
        raise Transient(f"GitHub did a part of it only: {limits[0]}") from limits[0]
    whole = [error for error in errors if not error.alias]
    if errors and (whole or not partial):
        raise _worst(whole or list(errors))
    return bytes(answer.data), errors


def _is_gap(entry: GraphQLError, error: HostError) -> bool:
    return isinstance(error, NotFound) and len(entry.path) > 1 and entry.path[0] == "repository"


def _worst(errors: list[HostError]) -> HostError:
    """The one to tell: what is not found is often a consequence, or not all of it."""
    return min(errors, key=lambda error: isinstance(error, NotFound))


def _has_values(answer: GraphQLAnswer) -> bool:
    """Whether any field of the data is there."""
    data = decoded(bytes(answer.data), object)
    return isinstance(data, dict) and any(value is not None for value in data.values())
