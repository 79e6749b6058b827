"""docs/cli.md, from the command tree of the program itself."""

import inspect
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import PurePath

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from claudestep.cli import errors
from claudestep.cli.main import app

PROGRAM = "claudestep"
WIDTH = 116

_HEAD = "# The command line\n\n<!-- made by scripts/make_docs.py from the program itself: do not edit -->"
_EVERY = "Every command has `--help`, short `-h`."
_EXIT_CODES = {
    errors.OK: "done; also where there was nothing to do: the output says which",
    errors.FAILED: "failed; stderr says what to do about it",
    errors.WRONG_USE: "wrong use, or a mistake in a configuration, a spec or a prompt template",
    errors.OUR_ERROR: "a mistake of ClaudeStep's own; a file with the traceback is named",
    errors.INTERRUPTED: "interrupted; run it again to go on",
}

_EXAMPLES = ("Example:", "Examples:")

Command = TyperCommand | TyperGroup


def cli_page() -> str:
    """The whole page."""
    root = typer.main.get_command(app)
    if not isinstance(root, TyperGroup):
        raise TypeError("the application has one command only")
    commands = list(_walk(root, PROGRAM))
    parts = [_HEAD, *_text(root), _usage(PROGRAM, root), *_options(root), _EVERY]
    parts += ["## Exit codes", _table(("code", "meaning"), _exit_codes())]
    parts += ["## Commands", _table(("command", "what it does"), (_row(name, one) for name, one in commands))]
    for name, command in commands:
        parts += [f"## {name}", *_text(command), _usage(name, command), *_arguments(command), *_options(command)]
        parts += _examples(command)
    return "\n\n".join(parts) + "\n"


def _walk(group: TyperGroup, path: str) -> Iterator[tuple[str, Command]]:
    """Every command that does something, with its whole name."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _walk(command, f"{path} {name}")
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{path} {name}", command


def _exit_codes() -> Iterator[tuple[str, str]]:
    return ((str(code), meaning) for code, meaning in _EXIT_CODES.items())


def _row(name: str, command: Command) -> tuple[str, str]:
    summary = " ".join(_paragraphs(command)[0].split())
    return f"[`{name.removeprefix(PROGRAM).strip()}`](#{name.replace(' ', '-')})", summary


def _paragraphs(command: Command) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


def _text(command: Command) -> Iterator[str]:
    """What a command says of itself, without its examples."""
    for paragraph in _paragraphs(command):
        if not paragraph.startswith(_EXAMPLES):
            yield textwrap.fill(" ".join(paragraph.split()), WIDTH, break_on_hyphens=False)


def _examples(command: Command) -> Iterator[str]:
    for paragraph in _paragraphs(command):
        if paragraph.startswith(_EXAMPLES):
            head, _, lines = paragraph.partition("\n")
            yield f"{head}\n\n```sh\n{textwrap.dedent(lines)}\n```"


def _usage(name: str, command: Command) -> str:
    words = [name, *(["[OPTIONS]"] if _of(command, TyperOption) else [])]
    arguments = map(_argument, _of(command, TyperArgument))
    words += ["COMMAND [ARGUMENTS]"] if isinstance(command, TyperGroup) else arguments
    return f"```\n{' '.join(words)}\n```"


def _of(command: Command, kind: type[TyperOption | TyperArgument]) -> list[TyperOption | TyperArgument]:
    found = (parameter for parameter in command.params if isinstance(parameter, kind))
    return [parameter for parameter in found if not parameter.hidden]


def _argument(argument: TyperOption | TyperArgument) -> str:
    name = argument.metavar or (argument.name or "").upper()
    if argument.nargs == -1 and not name.endswith("..."):
        name += "..."
    return name if argument.required else f"[{name}]"


def _arguments(command: Command) -> Iterator[str]:
    found = _of(command, TyperArgument)
    if found:
        yield _table(("argument", "what it says"), ((f"`{_argument(one)}`", _help(one)) for one in found))


def _options(command: Command) -> Iterator[str]:
    rows = [(_names(one), _help(one), _default(one)) for one in _of(command, TyperOption)]
    if any(default for _, _, default in rows):
        yield _table(("option", "what it says", "default"), rows)
    elif rows:
        yield _table(("option", "what it says"), (row[:2] for row in rows))


def _names(option: TyperOption | TyperArgument) -> str:
    """`--max-steps N`, and the short name; `--summary / --no-summary`."""
    long, *short = option.opts
    value = "" if getattr(option, "is_flag", False) else f" {option.metavar or (option.name or '').upper()}"
    long = " / ".join([long, *option.secondary_opts])
    return ", ".join([f"`{long}{value}`", *(f"`{name}`" for name in short)])


def _help(parameter: TyperOption | TyperArgument) -> str:
    """Its text, and the least value where there is one."""
    least = getattr(parameter.type, "min", None)
    return f"{parameter.help or ''}{'' if least is None else f' From {least}.'}"


def _default(option: TyperOption | TyperArgument) -> str:
    default = option.default
    if default is None or isinstance(default, bool) or callable(default):
        return ""
    return f"`{default if not isinstance(default, PurePath) else default.as_posix()}`"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
