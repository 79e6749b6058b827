"""The codemod: what it rewrites, and what it knows to leave alone."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from codemods.modernise import modernise

CODEMOD = Path(__file__).parent.parent / 'codemods' / 'modernise.py'

REWRITTEN = [
    ("class A(object):\n    pass\n", "class A:\n    pass\n"),
    ("from typing import List\nx: List[int]\n", "x: list[int]\n"),
    (
        "from typing import Any, Dict, Optional\n\nx: Optional[Dict[str, Any]]\n",
        "from typing import Any\n\nx: dict[str, Any] | None\n",
    ),
    (
        "from typing import (\n    Any,\n    Tuple,\n)\nx: Tuple[Any, ...]\n",
        "from typing import (\n    Any,\n)\nx: tuple[Any, ...]\n",
    ),
    (
        "class B(A):\n    def f(self):\n        return super(B, self).f()\n",
        "class B(A):\n    def f(self):\n        return super().f()\n",
    ),
    ("import io\n\nio.open(p, 'r', encoding=e)\n", "open(p, encoding=e)\n"),
    ("é = set([u'é', u'ß'])  # é\n", "é = {'é', 'ß'}  # é\n"),
    ("set([n for n in set([1])])\n", "{n for n in {1}}\n"),
    ("dict([(k, f(v)) for k, v in x])\n", "{k: f(v) for k, v in x}\n"),
    ("'{%s} 5%% %r' % (a.b, c)\n", "f'{{{a.b!s}}} 5% {c!r}'\n"),
    ("u'{:>8.2f}\\n'.format(f(x))\n", "f'{f(x):>8.2f}\\n'\n"),
    ("'{0} {1!r} {k}'.format(a, b, k=c)\n", "f'{a} {b!r} {c}'\n"),
    ("x = u'a'\r\ny = set([x])\r\n", "x = 'a'\r\ny = {x}\r\n"),
]

LEFT_ALONE = [
    "'%s' % name\n",
    "'%.2f %d' % (price, count)\n",
    "'{} {}'.format(queue, queue.pop())\n",
    "'{0} {0}'.format(a)\n",
    "'{:{}}'.format(a, b)\n",
    "'{!x}'.format(a)\n",
    "'\\x7b}'.format(a)\n",
    "'a %s' 'b' % (a,)\n",
    "def f(x):\n    return'%s' % (x,)\n",
    "f'{set([1])}'\n",
    "class A(object, metaclass=M):\n    pass\n",
    "@slotted\nclass B(A):\n    def f(self):\n        super(B, self).f()\n",
    "class B(A):\n    def f(self):\n        super(A, self).f()\n",
    "class B(A):\n    def f(self):\n        return [super(B, self).f() for x in y]\n",
    "from typing import List\n\n\ndef list(x: List[int]):\n    pass\n",
    "from typing import Optional\nx: Optional['Book'] = None\n",
    "from typing import List\nx: 'List[int]' = []\n",
    "from typing import List\nx = []  # type: List[int]\n",
    "from typing import List\n\n\nclass A(List[T]):\n    pass\n",
    "from .typing import List\nx: List[int]\n",
    "def open(*args):\n    pass\n\n\nopen(p, 'r')\n",
    "open(p, 'rb')\n",
    "open(p,  # the path\n     'r')\n",
    "set([])\n",
    "dict([(a, b), c])\n",
    '"""Made of u\'\' and set([1])."""  # and u\'\'\n',
]


class ModerniseTest(unittest.TestCase):
    def test_rewrites(self):
        for old, new in REWRITTEN:
            with self.subTest(old):
                self.assertEqual(modernise(old)[0], new)
                self.assertEqual(modernise(new), (new, 0))

    def test_leaves_alone_what_is_not_surely_the_same(self):
        for old in LEFT_ALONE:
            with self.subTest(old):
                self.assertEqual(modernise(old), (old, 0))


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.old = Path(folder.name, 'old.py')
        self.old.write_bytes(b"# coding: latin-1\nx = u'\xe9'\n")
        self.bad = Path(folder.name, 'bad.py')

    def run_on(self, *paths):
        command = [sys.executable, str(CODEMOD), *map(str, paths)]
        return subprocess.run(command, capture_output=True, text=True)

    def test_says_how_many_rewrites_there_were(self):
        self.assertEqual(self.run_on(self.old).stdout, f'{self.old}: 1 rewrite\n')
        self.assertEqual(self.old.read_bytes(), b"# coding: latin-1\nx = '\xe9'\n")
        self.assertEqual(self.run_on(self.old).stdout, f'{self.old}: 0 rewrites\n')

    def test_touches_nothing_if_a_file_is_missing(self):
        result = self.run_on(self.old, self.bad)
        sentence = f'{self.bad} cannot be read: No such file or directory.\n'
        self.assertEqual((result.returncode, result.stderr), (1, sentence))
        self.assertIn(b"u'", self.old.read_bytes())

    def test_names_the_line_of_a_syntax_error(self):
        self.bad.write_text('x = 1\nx = = 2\n')
        result = self.run_on(self.bad)
        sentence = f'{self.bad} is not valid Python: line 2, invalid syntax.\n'
        self.assertEqual((result.returncode, result.stderr), (1, sentence))
