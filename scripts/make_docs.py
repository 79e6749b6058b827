"""Make what is made: the JSON Schemas that are shipped, docs/cli.md, docs/github-api-use.md, tables of other pages.

python scripts/make_docs.py            write what differs, and name it
python scripts/make_docs.py --check    write nothing; exit code 1 where something differs
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from action_page import action_tables
from api_use_page import api_use_page
from cli_page import cli_page
from key_tables import key_tables
from reason_table import reason_table

from claudestep.infrastructure.config_keys import configuration_schema, repository_schema
from claudestep.infrastructure.metadata.schema import document_schema

ROOT = Path(__file__).parents[1]
SCHEMAS = "src/claudestep/schemas"
CONFIGURATION = "docs/configuration.md"
ACTION = "docs/action.md"
TROUBLESHOOTING = "docs/troubleshooting.md"

_MADE = re.compile(r"(<!-- made by scripts/make_docs\.py: ([a-z-]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def wanted(root: Path) -> Mapping[str, str]:
    """Every file that is made, in whole or in part, as it has to be, by its path below `root`."""
    return {
        f"{SCHEMAS}/configuration.schema.json": _json(configuration_schema()),
        f"{SCHEMAS}/repository-configuration.schema.json": _json(repository_schema()),
        f"{SCHEMAS}/document.schema.json": _json(document_schema()),
        "docs/cli.md": cli_page(),
        "docs/github-api-use.md": api_use_page(),
        CONFIGURATION: with_tables(root, CONFIGURATION, key_tables()),
        ACTION: with_tables(root, ACTION, action_tables(root)),
        TROUBLESHOOTING: with_tables(root, TROUBLESHOOTING, reason_table()),
    }


def with_tables(root: Path, path: str, tables: Mapping[str, str]) -> str:
    """The page with each table between its markers. Raises SystemExit where page and tables do not agree."""
    page = (root / path).read_text(encoding="utf-8")
    names = [match[2] for match in _MADE.finditer(page)]
    if sorted(names) != sorted(tables):
        raise SystemExit(f"{path} has markers for {sorted(names)}, and there are {sorted(tables)}")
    return _MADE.sub(lambda match: f"{match[1]}\n{tables[match[2]]}\n{match[4]}", page)


def differing(root: Path) -> Mapping[str, str]:
    """Those of the files that are not as they have to be."""
    return {path: text for path, text in wanted(root).items() if _read(root / path) != text}


def _json(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def main() -> int:
    """Write or check, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 where something differs")
    only_check = parser.parse_args().check
    found = differing(ROOT)
    for path, text in found.items():
        if not only_check:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, encoding="utf-8")
        print(f"{path} {'is not what it has to be: run `make docs`' if only_check else 'written'}")
    return 1 if only_check and found else 0


if __name__ == "__main__":
    sys.exit(main())
