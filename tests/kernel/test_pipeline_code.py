"""The code of a block: what counts as a change of it, what does not, and that it is the same everywhere."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest
from astrodata_kernel.pipeline import Pipeline, block, block_named, blocks
from astrodata_kernel.pipeline.code_hash import MOST, Codes, code_hash


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder of modules of a person's own."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield tmp_path
    forget(tmp_path)


def forget(folder: Path) -> None:
    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None), *(vars(module).get("__path__") or ())]
        if any(str(place).startswith(str(folder)) for place in places):
            del sys.modules[name]


def loaded(folder: Path, sources: str | dict[str, str]) -> ModuleType:
    """Write modules, load them as a new process would, and give the last one."""
    sources = {"one": sources} if isinstance(sources, str) else sources
    for name, source in sources.items():
        path = folder / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(source))
    forget(folder)
    importlib.invalidate_caches()
    return importlib.import_module(list(sources)[-1])


DECORATOR = """
import functools
def times(n):
    def around(g):
        @functools.wraps(g)
        def wrapper(x):
            return n * g(x)
        return wrapper
    return around
"""
NOTING = """
class Times:
    def __init__(self, n): self.n = n
    def __call__(self, x): return self.n * x
    def run(self, x): return self.n * x
"""

# What it is, the source, and what becomes of a part of it.
CHANGES = [
    ("the function", "def f(x): return x + 1", "+ 1", "+ 2"),
    ("a default", "def f(x, *, n=1): return x + n", "n=1", "n=2"),
    ("a constant", "K = 1\ndef f(x): return K", "K = 1", "K = 2"),
    ("the sign of zero", "K = 0.0\ndef f(x): return K", "0.0", "-0.0"),
    ("the type of a number", "K = 1\ndef f(x): return K", "K = 1", "K = True"),
    ("a helper", "def h(): return 1\ndef f(x): return h()", "1", "2"),
    ("a helper of a helper", "def g(): return 1\ndef h(): return g()\ndef f(x): return h()", "1", "2"),
    ("a nested function", "def f(x):\n  def g(): return 1\n  return g()", "1", "2"),
    ("a nested class", "def f(x):\n  class C:\n    a = 1\n  return C.a", "1", "2"),
    ("a comprehension", "def f(x): return [i + 1 for i in x]", "1", "2"),
    ("which error is caught",
     "def f(x):\n  try: return x\n  except ValueError: pass", "ValueError", "KeyError"),
    ("a keyword of a call", "def f(x): return dict(a=x)", "a=x", "b=x"),
    ("the kind of a generator", "def f(x):\n  yield x", "yield x", "return x"),
    ("a builtin that is replaced", "def f(x): return sum(x)", "def f", "sum = max\ndef f"),
    ("a base class", "class B:\n  def g(s): return 1\nclass C(B): pass\ndef f(x): return C().g()", "1", "2"),
    ("what a static method calls",
     "def h(): return 1\nclass C:\n  @staticmethod\n  def g(): return h()\ndef f(x): return C.g()", "1", "2"),
    ("what a class method calls",
     "def h(): return 1\nclass C:\n  @classmethod\n  def g(c): return h()\ndef f(x): return C.g()", "1", "2"),
    ("what a property calls",
     "def h(): return 1\nclass C:\n  @property\n  def g(s): return h()\ndef f(x): return C().g", "1", "2"),
    ("what a cached property calls",
     "import functools\ndef h(): return 1\nclass C:\n  @functools.cached_property\n  def g(s): return h()\n"
     "def f(x): return C().g", "1", "2"),
    ("an attribute of a class", "K = 1\nclass C:\n  k = K\ndef f(x): return C.k", "1", "2"),
    ("a metaclass", "class M(type):\n  def __call__(c): return 1\nclass C(metaclass=M): pass\n"
     "def f(x): return C()", "1", "2"),
    ("a named tuple", "import typing\nclass C(typing.NamedTuple):\n  a: int = 1\ndef f(x): return C()",
     "1", "2"),
    ("an argument of a decorator", DECORATOR + "@times(2)\ndef f(x): return x", "(2)", "(3)"),
    ("what is decorated", DECORATOR + "@times(2)\ndef f(x): return x + 5", "5", "6"),
    ("the decorator", DECORATOR + "@times(2)\ndef f(x): return x", "n * g", "n + g"),
    ("an argument of the decorator of a helper",
     DECORATOR + "@times(2)\ndef h(x): return x\ndef f(x): return h(x)", "(2)", "(3)"),
    ("a decorator of the library",
     "import functools\n@functools.lru_cache\ndef h(x): return 1\ndef f(x): return h(x)", "1", "2"),
    ("a context manager",
     "import contextlib\n@contextlib.contextmanager\ndef h(x): yield 1\n"
     "def f(x):\n  with h(x) as y: return y",
     "1", "2"),
    ("a function for one type",
     "import functools\n@functools.singledispatch\ndef h(x): return 1\n@h.register\ndef _(x: int): return 5\n"
     "def f(x): return h(x)", "5", "6"),
    ("an argument of functools.partial",
     "import functools\ndef h(a, x): return a * x\np = functools.partial(h, 2)\ndef f(x): return p(x)",
     "2", "3"),
    ("the function of functools.partial",
     "import functools\ndef h(a, x): return a * x\np = functools.partial(h, 2)\ndef f(x): return p(x)",
     "a * x", "a + x"),
    ("the function of numpy.vectorize",
     "import numpy as np\ndef h(x): return 1\nv = np.vectorize(h)\ndef f(x): return v(x)", "1", "2"),
    ("the second of two lambdas", "a = lambda x: x + 1\nb = lambda x: x * 2\ndef f(x): return a(b(x))",
     "* 2", "* 3"),
    ("the second of two closures",
     "def mk(n):\n  def g(x): return n * x\n  return g\na = mk(2)\nb = mk(3)\ndef f(x): return a(x) + b(x)",
     "mk(3)", "mk(4)"),
    ("the order of two closures",
     "def mk(n):\n  def g(x): return n * x\n  return g\na, b = mk(2), mk(3)\ndef f(x): return a(x) - b(x)",
     "a, b", "b, a"),
    ("an object that is called", NOTING + "t = Times(2)\ndef f(x): return t(x)", "(2)", "(3)"),
    ("the method of an object", NOTING + "t = Times(2).run\ndef f(x): return t(x)", "(2)", "(3)"),
    ("the class of an object", NOTING + "t = Times(2)\ndef f(x): return t(x)",
     "__call__(self, x): return self.n * x", "__call__(self, x): return self.n + x"),
    ("a method as the block", NOTING + "f = Times(2).run", "(2)", "(3)"),
    ("an object as the block", NOTING + "f = Times(2)", "(2)", "(3)"),
    ("an object with slots",
     "class C:\n  __slots__ = ('a',)\nK = C()\nK.a = 1\ndef f(x): return K.a", "1", "2"),
    ("an array", "import numpy as np\nK = np.array([1, 5])\ndef f(x): return x * K", "5", "6"),
    ("the type of an array", "import numpy as np\nK = np.zeros(2, 'f4')\ndef f(x): return x * K", "f4", "i4"),
    ("the shape of an array", "import numpy as np\nK = np.zeros((2, 3))\ndef f(x): return x * K",
     "(2, 3)", "(3, 2)"),
    ("an array of objects",
     "import numpy as np\nK = np.array([1, 'a'], object)\ndef f(x): return K", "'a'", "'b'"),
    ("a mask", "import numpy as np\nK = np.ma.array([1, 2], mask=[0, 0])\ndef f(x): return K.mean()",
     "[0, 0]", "[0, 1]"),
    ("a number of numpy", "import numpy as np\nK = np.float32(1)\ndef f(x): return K", "(1)", "(2)"),
    ("a table", "import pandas as pd\nK = pd.DataFrame({'a': [1]})\ndef f(x): return K", "1", "2"),
    ("a path", "from pathlib import Path\nK = Path('a')\ndef f(x): return K", "'a'", "'b'"),
    ("a date", "import datetime\nK = datetime.date(2020, 1, 5)\ndef f(x): return K", "5", "6"),
    ("a fraction", "from fractions import Fraction\nK = Fraction(1, 5)\ndef f(x): return K", "5", "7"),
    ("a pattern", "import re\nK = re.compile('a')\ndef f(x): return K.sub('', x)", "'a'", "'b'"),
    ("a flag of a pattern",
     "import re\nK = re.compile('a', re.I)\ndef f(x): return K.sub('', x)", "re.I", "re.M"),
    ("a member of an enumeration",
     "import enum\nclass E(enum.Enum):\n  A = 1\nK = E.A\ndef f(x): return K.value", "1", "2"),
    ("which member of an enumeration",
     "import enum\nclass E(enum.Enum):\n  A = 1\n  B = 2\nK = E.A\ndef f(x): return K.value", "E.A", "E.B"),
    ("the method of an enumeration",
     "import enum\nclass E(enum.Enum):\n  A = 1\n  def g(s): return 5\ndef f(x): return E.A.g()", "5", "6"),
    ("an object of a dataclass",
     "from dataclasses import dataclass\n@dataclass\nclass C:\n  a: int\nK = C(1)\ndef f(x): return K.a",
     "1", "2"),
    ("an argument of @dataclass",
     "from dataclasses import dataclass\n@dataclass(order=True)\nclass C:\n  a: int\ndef f(x): return C(1)",
     "True", "False"),
    ("the default of a dataclass",
     "from dataclasses import dataclass\n@dataclass\nclass C:\n  a: int = 1\ndef f(x): return C()", "1", "2"),
    ("the default of a model of pydantic",
     "from pydantic import BaseModel\nclass C(BaseModel):\n  a: int = 1\ndef f(x): return C()", "1", "2"),
    ("a function in a table", "def a(x): return 1\nK = {'a': a}\ndef f(x): return K['a'](x)", "1", "2"),
    ("a function in a list in a table", "K = {'a': [lambda x: 1]}\ndef f(x): return K['a'][0](x)", "1", "2"),
    ("a default that is a function", "def h(x): return 1\ndef f(x, *, g=h): return g(x)", "1", "2"),
    ("what is deep in lists", "K = [[[[[[[[1]]]]]]]]\ndef f(x): return K", "1", "2"),
    ("a set", "K = {'a', 'b', 'c'}\ndef f(x): return K", "'c'", "'d'"),
    ("a counter", "import collections\nK = collections.Counter('aab')\ndef f(x): return K", "aab", "abb"),
    ("a deque", "import collections\nK = collections.deque([1, 5])\ndef f(x): return K", "5", "6"),
    ("a type with arguments", "K = list[int]\ndef f(x): return K", "int", "str"),
    ("an attribute of a function", "def h(x): return h.n\nh.n = 1\ndef f(x): return h(x)", "1", "2"),
    ("a block that is used",
     "from astrodata_kernel.pipeline import block\n@block\ndef h(x): return 1\ndef f(x): return h(x)",
     "1", "2"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "part", "other"), [one[1:] for one in CHANGES], ids=[one[0] for one in CHANGES]
)
def test_a_change_is_seen(folder: Path, source: str, part: str, other: str) -> None:
    assert part in source
    before = code_hash(loaded(folder, source).f)
    assert code_hash(loaded(folder, source).f) == before
    assert code_hash(loaded(folder, source.replace(part, other)).f) != before


SAME = [
    ("a comment", "def f(x):\n  return x", "return x", "return x  # as it is"),
    ("layout", "def f(x):\n  return (x + 1)", "(x + 1)", "(\n    x\n    + 1\n  )"),
    ("a line above", "def f(x): return x", "def", "\n\n\ndef"),
    ("another docstring", "def f(x):\n  'Say.'\n  return 1", "Say.", "Say more."),
    ("a docstring where none was", "def f(x):\n  print(x)", "print", "'Say.'\n  print"),
    ("a docstring of a nested class", "def f(x):\n  class C:\n    'Say.'\n  return C", "Say.", "Say more."),
    ("a docstring of a class", "class C:\n  'Say.'\n  a = 1\ndef f(x): return C", "Say.", "Say more."),
    ("what is not used", "K = 1\nJ = 5\ndef f(x): return K", "5", "6"),
    ("an annotation", "def f(x: int): return x", "int", "float"),
    ("where it lies", "def f(x): return __file__", "def", "\ndef"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "part", "other"), [one[1:] for one in SAME], ids=[one[0] for one in SAME]
)
def test_what_does_not_count(folder: Path, source: str, part: str, other: str) -> None:
    assert part in source
    before = code_hash(loaded(folder, source).f)
    assert code_hash(loaded(folder, source.replace(part, other)).f) == before


USES = {
    "from a sibling": "from core import scale\ndef f(x): return scale(x)",
    "as an attribute of a sibling": "import core\ndef f(x): return core.scale(x)",
    "of a sibling by another name": "import core as c\ndef f(x):\n  m = c\n  return m.scale(x)",
    "within the function": "def f(x):\n  from core import scale\n  return scale(x)",
    "as an attribute within the function": "def f(x):\n  import core\n  return core.scale(x)",
    "within a nested one": "def f(x):\n  def g():\n    import core\n    return core.scale(1)\n  return g()",
    "from a closure": "def mk():\n  import core\n  def f(x): return core.scale(x)\n  return f\nf = mk()",
    "by a sibling of it": "from other import f",
    "a class of a sibling": "import core\nclass C(core.Scaled): pass\ndef f(x): return C().scaled(x)",
    "a constant of a sibling": "import core\ndef f(x): return core.FACTOR * x",
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_what_a_sibling_gives_counts(folder: Path, use: str) -> None:
    core = "FACTOR = 2\ndef scale(x): return x * FACTOR\nclass Scaled:\n  def scaled(s, x): return scale(x)\n"
    core += "def unused(): return 1\n"
    other = "import core\ndef f(x): return core.scale(x)\n"

    def hashed(core: str) -> str:
        return code_hash(loaded(folder, {"core": core, "other": other, "one": use}).f)

    before = hashed(core)
    assert hashed(core) == before
    assert hashed(core.replace("FACTOR = 2", "FACTOR = 3")) != before
    assert hashed(core.replace("return 1", "return 2")) == before


@pytest.mark.parametrize(
    "use",
    [
        "from .core import scale\ndef f(x): return scale(x)",
        "from . import core\ndef f(x): return core.scale(x)",
        "def f(x):\n  from . import core\n  return core.scale(x)",
        "def f(x):\n  from .core import scale\n  return scale(x)",
        "import pack.core\ndef f(x): return pack.core.scale(x)",
        "def f(x):\n  import pack.core as core\n  return core.scale(x)",
    ],
)
@pytest.mark.parametrize("init", [{"pack.__init__": ""}, {}], ids=["a package", "a folder"])
def test_a_module_of_the_same_package_counts(folder: Path, use: str, init: dict[str, str]) -> None:
    def hashed(number: int) -> str:
        core = f"def scale(x): return x * {number}"
        return code_hash(loaded(folder, {**init, "pack.core": core, "pack.one": use}).f)

    assert hashed(2) == hashed(2) != hashed(3)


def test_what_cannot_be_imported_is_left_to_the_step(folder: Path) -> None:
    source = (
        "def f(x):\n  import broken, no_such_package\n  from . import nothing\n  return broken.g()"
    )
    made = loaded(folder, source)
    (folder / "broken.py").write_text("raise RuntimeError('no')")
    before = code_hash(made.f)
    (folder / "broken.py").write_text("def g(): return 1")
    importlib.invalidate_caches()
    assert code_hash(made.f) != before


def test_an_installed_package_counts_by_its_version(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from astrodata_kernel.pipeline import code_origins

    made = loaded(folder, "import numpy as np\ndef f(x): return np.mean(x)")
    before = code_hash(made.f)
    version = importlib.metadata.version

    def newer(name: str) -> str:
        return "99.0" if name == "numpy" else version(name)

    code_origins._package.cache_clear()
    with monkeypatch.context() as changed:
        changed.setattr(code_origins, "version", newer)
        after = code_hash(made.f)
    code_origins._package.cache_clear()
    assert before != after
    assert code_hash(made.f) == before


def test_what_a_cell_defines_anew_counts(tmp_path: Path) -> None:
    space: dict[str, Any] = {"__name__": "__main__", "block": block}
    exec("def helper(x): return x + 1\nFACTOR = 2", space)
    exec("@block(stage='ingest')\ndef made(*, n: int = 1): return helper(n) * FACTOR", space)
    pipeline = Pipeline("notebook").add("made", space["made"])

    def run() -> tuple[Any, tuple[str, ...]]:
        found = pipeline.run(workspace=tmp_path, track=False, progress=False)
        return found.outputs["made"], found.computed

    assert run() == (4, ("made",))
    assert run() == (4, ())
    exec("def helper(x): return x + 100", space)
    assert run() == (202, ("made",))
    exec("FACTOR = 50", space)
    assert run() == (5050, ("made",))
    exec("FACTOR = 2\ndef helper(x):\n    'Add.'\n    return x + 1  # one", space)
    assert run() == (4, ())


def test_what_is_loaded_counts_and_not_the_file(folder: Path) -> None:
    source = "from astrodata_kernel.pipeline import block\n"
    source += "@block(stage='ingest')\ndef made(*, n: int = 1): return n + {}\n"

    def run(made: Any) -> Any:
        pipeline = Pipeline("edited").add("made", made)
        return pipeline.run(workspace=folder, track=False, progress=False).outputs["made"]

    old = loaded(folder, source.format(1))
    (folder / "one.py").write_text(source.format(1000))
    assert run(old.made) == 2
    assert run(loaded(folder, source.format(1000)).made) == 1001


STABLE = """
import collections, functools, logging, re, sys, threading
from dataclasses import dataclass
import numpy as np, pandas as pd
import core
from astrodata_kernel.pipeline.code_hash import code_hash
@dataclass(frozen=True)
class C:
    a: str
SET = {C("a"), C("b"), "c", 1, None, print, len}
LOG, LOCK, TABLE = logging.getLogger("x"), threading.Lock(), pd.DataFrame({"a": [1], "b": ["x"]})
VECTOR = np.vectorize(core.scale)
LOOP = [1]
LOOP.append(LOOP)
@functools.lru_cache
def kept(x): return x
class Lazy:
    @functools.cached_property
    def large(self): return 5
LAZY = Lazy()
@functools.singledispatch
def by_type(x): return 1
by_type.register(int, lambda x: 2)
def f(x):
    LOG.info("x")
    with LOCK:
        TABLE["a"].sum(), VECTOR(x), kept(x), LAZY.large, by_type(x), LOOP[0]
    return x in {"a", "b", "c", "d"} or x in SET or core.scale(x)
"""


def test_the_same_code_has_one_hash_in_all_processes_and_after_its_use(folder: Path) -> None:
    (folder / "core.py").write_text("def scale(x): return x in {'a', 'b', 'c', 1.5, None} or x")
    (folder / "one.py").write_text(STABLE)
    program = (
        "import one; a = one.code_hash(one.f)\nfor _ in range(2000): one.f(3)\n"
        "print(a, one.code_hash(one.f))"
    )
    found = set()
    for seed in ("1", "2", "2"):  # the third reads what the second compiled
        told = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        found |= set(told.stdout.split())
    assert len(found) == 1


def test_what_tells_nothing_of_itself_counts_by_its_type(folder: Path) -> None:
    source = """
    class Odd:
        def __reduce_ex__(self, protocol):
            raise RuntimeError("never")
    K = Odd()
    def f(x): return K
    """
    made = loaded(folder, source)
    before = code_hash(made.f)
    made.K = made.Odd()
    assert code_hash(made.f) == before
    made.K = 5
    assert code_hash(made.f) != before


def test_much_of_all_ends_and_the_code_is_looked_at_first(folder: Path) -> None:
    source = f"""
    from pathlib import Path
    ALL = [Path(str(n)) for n in range({2 * MOST})]
    def last(x): return 1
    def f(x): return ALL, last(x)
    """
    before = code_hash(loaded(folder, source).f)
    assert code_hash(loaded(folder, source.replace("return 1", "return 2")).f) != before
    assert code_hash(loaded(folder, source.replace("range(", "range(1, ")).f) != before


def test_hashes_of_one_moment_are_those_of_each_alone() -> None:
    codes = Codes()
    for name in blocks():
        one = block_named(name)
        assert codes.of_block(one) == one.code == codes.of_block(one)


def test_a_block_knows_the_helpers_that_it_names(folder: Path) -> None:
    def coded(number: int) -> str:
        made = loaded(folder, f"def h(x): return {number}\ndef f(x): return x")
        return block(helpers=(made.h,))(made.f).code

    assert coded(1) == coded(1) != coded(2)


def test_a_wrapped_block_has_its_own_hash() -> None:
    def plain(x: int) -> int:
        return x

    @functools.wraps(plain)
    def around(x: int) -> int:
        return plain(x) + 1

    assert code_hash(plain) != code_hash(around)
