"""Bring old Python up to date: python3 codemods/modernise.py FILE...

The syntax tree says where each old construct is, and only those characters are
edited: comments and layout everywhere else stay byte for byte as they were.

A rewrite is made only where it surely means the same. So these are left alone:

    '%s' % name       % takes a tuple apart, and the name may hold one
    '%.2f' % (x,)     % rounds a Decimal as a float, an f-string does not
    Optional['Book']  'Book' | None fails where annotations are evaluated
    List[int]         in a file that has a `list` of its own
    class A(List[T])  the class would lose its type parameters
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
import tokenize
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, chain, product
from pathlib import Path
from string import Formatter

TYPES = {
    "Dict": "dict",
    "FrozenSet": "frozenset",
    "List": "list",
    "Set": "set",
    "Tuple": "tuple",
    "Type": "type",
}
REPLACED = {*TYPES, "Optional", "io"}

Node = ast.expr | ast.stmt | ast.alias
Method = ast.FunctionDef | ast.AsyncFunctionDef

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
SCOPES = (*FUNCTIONS, *COMPREHENSIONS, ast.ClassDef, ast.JoinedStr)

# What may stand in a tuple as it is, but not in a dict.
UNPAIRED = (ast.Starred, ast.NamedExpr)

# A string in single quotation marks, in one piece, with none but plain escapes.
LITERAL = re.compile(r"""(['"])((?:(?!\1)[^\\\n]|\\[nt\\'"])*)\1""")
PERCENT = re.compile(r"%([%rs])")


@dataclass(frozen=True)
class Edit:
    """Put `text` in place of what stands from `start` to `end`."""

    start: int
    end: int
    text: str


class Module:
    """The text of a file, its tree, and where in the text each node stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self.lines = io.StringIO(text, newline="").readlines()
        self.starts = list(accumulate(map(len, self.lines), initial=0))
        # No edits inside an f-string: before Python 3.12 its positions are off.
        self.nodes = list(walk(self.tree, (ast.JoinedStr,)))
        self.bound = Counter(filter(None, map(binding, ast.walk(self.tree))))
        self.bases = {
            node
            for owner in self.nodes
            if isinstance(owner, ast.ClassDef)
            for base in owner.bases
            for node in ast.walk(base)
        }
        self.imported = {
            alias.name for _, aliases in replaceable_imports(self.tree) for alias in aliases if not alias.asname
        }

    def start(self, node: Node) -> int:
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: Node) -> int:
        return self._offset(node.end_lineno or 0, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        """Where in the text a position of `ast` is; its columns count bytes."""
        before = self.lines[line - 1].encode()[:column]
        return self.starts[line - 1] + len(before.decode())

    def source(self, node: Node) -> str:
        return self.text[self.start(node) : self.end(node)]

    def frame(self, outer: Node, *inner: Node) -> list[str]:
        """The text of `outer` around and between nodes in it, without blanks."""
        ends = [self.start(outer), *map(self.end, inner)]
        starts = [*map(self.start, inner), self.end(outer)]
        gaps = zip(ends, starts, strict=True)
        return ["".join(self.text[end:start].split()) for end, start in gaps]

    def replace(self, node: Node, text: str) -> Edit:
        return Edit(self.start(node), self.end(node), text)

    def tokens(self) -> Iterator[tokenize.TokenInfo]:
        return tokenize.generate_tokens(iter(self.lines).__next__)

    def is_ours(self, name: str) -> bool:
        """Say whether `name` is what a top-level import made it, throughout."""
        return name in self.imported and self.bound[name] + self.bound["*"] == 1

    def is_builtin(self, name: str) -> bool:
        return self.bound[name] + self.bound["*"] == 0


def walk(node: ast.AST, closed: tuple[type[ast.AST], ...]) -> Iterator[ast.AST]:
    """Yield `node` and all that is under it, but nothing that is `closed`."""
    if not isinstance(node, closed):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from walk(child, closed)


def binding(node: ast.AST) -> str | None:
    """The name that `node` gives a meaning to, if it is a node that does."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            return name
        case ast.alias(name=name, asname=asname):
            return asname or name.partition(".")[0]
        case ast.MatchMapping(rest=name):
            return name
    name = getattr(node, "name", None)
    return name if isinstance(name, str) else None


def replaceable_imports(
    tree: ast.Module,
) -> Iterator[tuple[ast.stmt, list[ast.alias]]]:
    """The top-level `from typing import ...` and `import io`, and their names."""
    for node in tree.body:
        match node:
            case ast.ImportFrom(module="typing", level=0, names=names):
                yield node, names
            case ast.Import(names=[ast.alias(name="io")] as names):
                yield node, names


# Rules for one node: each returns the edit that it would make there.


def generic(module: Module, node: ast.AST) -> Edit | None:
    """List[int] -> list[int], but not where a class is made from it"""
    match node:
        case ast.Name(id=old) if old in TYPES and node not in module.bases:
            if module.is_ours(old) and module.is_builtin(TYPES[old]):
                return module.replace(node, TYPES[old])
    return None


def optional(module: Module, node: ast.AST) -> Edit | None:
    """Optional[int] -> int | None"""
    match node:
        case ast.Subscript(
            value=ast.Name(id="Optional"),
            slice=ast.Name() | ast.Attribute() | ast.Subscript() as inner,
        ) if module.is_ours("Optional"):
            goes_on = module.text.startswith((".", "(", "["), module.end(node))
            if not goes_on and module.frame(node, inner) == ["Optional[", "]"]:
                return module.replace(node, f"{module.source(inner)} | None")
    return None


def object_base(module: Module, node: ast.AST) -> Edit | None:
    """class Book(object): -> class Book:"""
    if isinstance(node, ast.ClassDef) and module.is_builtin("object"):
        head = re.compile(rf"class\s+{node.name}(\s*\(\s*object\s*\))")
        if found := head.match(module.text, module.start(node)):
            return Edit(*found.span(1), "")
    return None


def open_mode(module: Module, node: ast.AST) -> Edit | None:
    """open(path, 'r') -> open(path)"""
    match node:
        case ast.Call(func=ast.Name(id="open"), args=[path, ast.Constant("r" | "rt") as mode]) if module.is_builtin(
            "open"
        ):
            if module.frame(node, path, mode)[1] == ",":
                return Edit(module.end(path), module.end(mode), "")
    return None


def io_open(module: Module, node: ast.AST) -> Edit | None:
    """io.open(path) -> open(path)"""
    match node:
        case ast.Attribute() if module.source(node) == "io.open":
            if module.is_ours("io") and module.is_builtin("open"):
                return module.replace(node, "open")
    return None


def set_of_list(module: Module, node: ast.AST) -> Edit | None:
    """set([1, 2]) -> {1, 2}"""
    match node:
        case ast.Call(
            func=ast.Name(id="set"),
            args=[ast.List(elts=[_, *_]) | ast.ListComp() as items],
        ) if module.is_builtin("set"):
            if module.frame(node, items) == ["set(", ")"]:
                return module.replace(node, f"{{{module.source(items)[1:-1]}}}")
    return None


def dict_of_pairs(module: Module, node: ast.AST) -> Edit | None:
    """dict([(key, value)]) -> {key: value}"""
    match node:
        case ast.Call(
            func=ast.Name(id="dict"),
            args=[ast.List(elts=pairs) | ast.ListComp(elt=pairs) as items],
        ) if module.is_builtin("dict"):
            pairs = pairs if isinstance(pairs, list) else [pairs]
            edits = [edit for pair in pairs if (edit := key_value(module, pair))]
            whole = module.frame(node, items) == ["dict(", ")"]
            if whole and 0 < len(pairs) == len(edits):
                start, end = module.start(items) + 1, module.end(items) - 1
                body = splice(module.text, edits, start, end)
                return module.replace(node, f"{{{body}}}")
    return None


def key_value(module: Module, pair: ast.expr) -> Edit | None:
    """(key, value) -> key: value"""
    match pair:
        case ast.Tuple(elts=[key, value]):
            special = isinstance(key, UNPAIRED) or isinstance(value, UNPAIRED)
            if not special and module.frame(pair, key, value) == ["(", ",", ")"]:
                text = f"{module.source(key)}: {module.source(value)}"
                return module.replace(pair, text)
    return None


def f_string(module: Module, node: ast.AST) -> Edit | None:
    """'{} by {!r}'.format(title, name) -> f'{title} by {name!r}'"""
    match node:
        case ast.BinOp(
            left=ast.Constant(str()) as template,
            op=ast.Mod(),
            right=ast.Tuple(elts=values),
        ):
            names = None
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(str()) as template, attr="format"),
            args=args,
            keywords=keywords,
        ):
            names = [keyword.arg for keyword in keywords]
            values = args + [keyword.value for keyword in keywords]
        case _:
            return None
    literal = LITERAL.fullmatch(module.source(template))
    if not literal or not are_safe(values) or not has_room(module, node):
        return None
    quote, body = literal.groups()
    texts = [ast.unparse(value) for value in values]
    if names is None:
        new = from_percent(body, texts)
    else:
        new = from_format(body, texts, names)
    return module.replace(node, f"f{quote}{new}{quote}") if new else None


def has_room(module: Module, node: ast.expr) -> bool:
    """Say whether an f can stand before it, and no comment in it would be lost."""
    start = module.start(node)
    stuck = re.match(r"\w", module.text[start - 1 : start])  # return'%s' % (x,)
    return not stuck and not re.search(r"#.*\n", module.source(node))


def are_safe(values: list[ast.expr]) -> bool:
    """Say whether it is all one when each value is worked out.

    An f-string shows each value before it works out the next one. So a call,
    which may change what another value shows, can only come first.
    """
    match values:
        case [ast.Call(func=func, args=args, keywords=[]), *others]:
            return all(map(is_dotted, [func, *args, *others]))
    return bool(values) and all(map(is_dotted, values))


def is_dotted(node: ast.expr) -> bool:
    """Say whether `node` is a name, or a name with dots: book.author.name"""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def from_percent(body: str, values: list[str]) -> str | None:
    """The f-string for `body % values`, or None if it takes more than %s and %r."""
    kinds = [kind for kind in PERCENT.findall(body) if kind != "%"]
    if len(kinds) != len(values) or "%" in PERCENT.sub("", body):
        return None
    left = iter(values)

    def field(found: re.Match[str]) -> str:
        # As % does, !s calls str(); without it an f-string calls format().
        return "%" if found[1] == "%" else f"{{{next(left)}!{found[1]}}}"

    return PERCENT.sub(field, doubled(body))


def from_format(body: str, values: list[str], names: list[str | None]) -> str | None:
    """The f-string for `body.format(...)`, or None if it is not a simple one.

    Simple is: each value is shown once, and in the order in which they are given.
    """
    try:
        parts = list(Formatter().parse(body))
    except ValueError:
        return None
    fields = [name for _, name, _, _ in parts if name is not None]
    places = range(len(values) - len(names))
    if fields not in ([*("" for _ in places), *names], [*map(str, places), *names]):
        return None
    left = iter(values)
    new = ""
    for text, name, spec, conversion in parts:
        new += doubled(text)
        if re.search(r"[{\\]", spec or "") or conversion not in (None, *"ars"):
            return None
        if name is not None:
            shown = f"!{conversion}" if conversion else ""
            new += "{" + next(left) + shown + (f":{spec}" if spec else "") + "}"
    return new


def doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


# Rules for the whole module: each yields the edits that it would make.


def supers(module: Module) -> Iterator[Edit]:
    """super(Book, self) -> super(), in a method of Book that was given self"""
    if not module.is_builtin("super"):
        return
    for owner in module.nodes:
        # A decorator may put another class in its place: @dataclass(slots=True).
        if isinstance(owner, ast.ClassDef) and not owner.decorator_list:
            for method in owner.body:
                if isinstance(method, Method) and module.bound[owner.name] == 1:
                    yield from supers_in(module, owner.name, method)


def supers_in(module: Module, owner: str, method: Method) -> Iterator[Edit]:
    for given in (method.args.posonlyargs + method.args.args)[:1]:
        old = f"super({owner},{given.arg})"
        for node in chain(*(walk(statement, SCOPES) for statement in method.body)):
            if isinstance(node, ast.Call) and module.frame(node) == [old]:
                yield module.replace(node, "super()")


def unicode_prefixes(module: Module) -> Iterator[Edit]:
    """u'Lem' -> 'Lem'"""
    for token in module.tokens():
        if token.type == tokenize.STRING and token.string[0] in "uU":
            line, column = token.start
            start = module.starts[line - 1] + column
            yield Edit(start, start + 1, "")


def unused_imports(module: Module) -> Iterator[Edit]:
    """from typing import Any, List -> from typing import Any

    One statement at a time: so each sees the blank lines that the last one left.
    """
    unused = REPLACED - set(names_used(module))
    for node, names in replaceable_imports(module.tree):
        kept = [name for name in names if name.asname or name.name not in unused]
        if len(kept) < len(names) and stands_alone(module, node):
            yield with_names(module, names, kept) if kept else dropped(module, node)
            return


def names_used(module: Module) -> Iterator[str]:
    """The names that the code uses, and those in strings that may be code."""
    prose = {id(n.value) for n in ast.walk(module.tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(module.tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                yield name
            case ast.Constant(str(text)) if id(node) not in prose:
                yield from names_in(text)
    for token in module.tokens():
        if token.type == tokenize.COMMENT and re.match(r"#\s*type:", token.string):
            yield from re.findall(r"\w+", token.string)


def names_in(text: str) -> Iterator[str]:
    """The names in a string that is an expression: 'List' or 'List[Book]'"""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return
    yield from (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def stands_alone(module: Module, node: ast.stmt) -> bool:
    """Say whether the lines of `node` hold nothing else, and no comment."""
    end = node.end_lineno or 0
    lines = module.text[module.starts[node.lineno - 1] : module.starts[end]]
    return lines.strip() == module.source(node) and "#" not in lines


def with_names(module: Module, names: list[ast.alias], kept: list[ast.alias]) -> Edit:
    between = module.text[module.end(names[0]) : module.start(names[1])]
    text = between.join(map(module.source, kept))
    return Edit(module.start(names[0]), module.end(names[-1]), text)


def dropped(module: Module, node: ast.stmt) -> Edit:
    """Drop the lines of `node`, and the blank ones before if some come after."""

    def is_blank(line: int) -> bool:
        return 0 <= line < len(module.lines) and not module.lines[line].strip()

    first, after = node.lineno - 1, node.end_lineno or 0
    while is_blank(after) and is_blank(first - 1):
        first -= 1
    while first == 0 and is_blank(after):
        after += 1
    return Edit(module.starts[first], module.starts[after], "")


NODE_RULES: list[Callable[[Module, ast.AST], Edit | None]] = [
    generic,
    optional,
    object_base,
    open_mode,
    io_open,
    set_of_list,
    dict_of_pairs,
    f_string,
]
MODULE_RULES = [supers, unicode_prefixes, unused_imports]


def splice(text: str, edits: Iterable[Edit], start: int, end: int) -> str:
    """Return text[start:end] with the edits made in it."""
    pieces = []
    for edit in edits:
        pieces += [text[start : edit.start], edit.text]
        start = edit.end
    return "".join([*pieces, text[start:end]])


def edits_now(module: Module) -> list[Edit]:
    """What the rules would edit; where two overlap, the outer or earlier one."""
    found = [edit for rule in MODULE_RULES for edit in rule(module)]
    for node, rule in product(module.nodes, NODE_RULES):
        if edit := rule(module, node):
            found.append(edit)
    chosen: list[Edit] = []
    for edit in sorted(found, key=lambda edit: (edit.start, -edit.end)):
        if not chosen or edit.start >= chosen[-1].end:
            chosen.append(edit)
    return chosen


def modernise(text: str) -> tuple[str, int]:
    """Return the text rewritten, and how many rewrites that took.

    It goes on until no rule finds anything: so a second run changes nothing.
    """
    total = 0
    while edits := edits_now(Module(text)):
        text = splice(text, edits, 0, len(text))
        total += len(edits)
    return text, total


def modernised(path: Path) -> tuple[bytes, int]:
    """What the file should hold, in its own encoding, and the number of rewrites."""
    data = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    text, count = modernise(data.decode(encoding))
    return text.encode(encoding), count


def run(files: list[Path]) -> None:
    """Rewrite the files; if one of them cannot be read, none is touched."""
    results = []
    for path in files:
        try:
            results.append((path, *modernised(path)))
        except OSError as error:
            sys.exit(f"{path} cannot be read: {error.strerror}.")
        except SyntaxError as error:
            line = f"line {error.lineno}, " if error.lineno else ""
            sys.exit(f"{path} is not valid Python: {line}{error.msg}.")
        except ValueError as error:
            sys.exit(f"{path} is not valid Python: {error}.")
    for path, data, count in results:
        if count:
            path.write_bytes(data)
        print(f"{path}: {count} {'rewrite' if count == 1 else 'rewrites'}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Bring old Python up to date.")
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+")
    warnings.simplefilter("ignore")  # what the parser thinks of the old code
    run(parser.parse_args().files)


if __name__ == "__main__":
    main()
