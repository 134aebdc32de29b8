"""A finding is run as ``python FILE`` runs it; oracle: the interpreter itself, run on the same file."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sharpbits.catalogue.forking import START

#: What a program can see of how it was started, and what ends in which order.
PROGRAMS = {
    "who-it-is": """
        import sys, json
        print(__name__, __file__, sys.argv, sys.path[0], sorted(set(globals()) - {"__doc__"}))
        print(sys.modules["__main__"].__dict__ is globals(), sys.flags)
    """,
    "neighbour": "import neighbour; print(neighbour.VALUE, neighbour.__file__)",
    "pickles-its-own-class": """
        import pickle
        class Own: pass
        print(type(pickle.loads(pickle.dumps(Own()))) is Own)
    """,
    "spawns-a-worker": """
        import multiprocessing
        def square(x): return x * x
        if __name__ == "__main__":
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(square, [1, 2, 3]))
    """,
    "reads-its-own-source": """
        import inspect
        def function(): return 1  # as written
        print(inspect.getsource(function))
    """,
    "order-of-the-end": """
        import atexit
        class Global:
            def __del__(self): print("global")
        keep = Global()
        atexit.register(lambda: print("atexit"))
        print("body")
    """,
    "latin-1": "# coding: latin-1\nprint(ascii('\xe9'))",
    "exits": "import sys; sys.exit(7)",
    "exits-with-a-text": "raise SystemExit('why')",
    "raises": "def inner(): raise ValueError('text')\ninner()",
    "is-not-python": "print('never'\n",
    "dies-of-a-signal": "import os, signal; os.kill(os.getpid(), signal.SIGABRT)",
    "future-import": "from __future__ import annotations\ndef f(x: undefined): ...\nprint(f.__annotations__)",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_cannot_tell_the_start_from_the_interpreters_own(name: str, tmp_path: Path) -> None:
    program = tmp_path / f"{name}.py"
    program.write_text(textwrap.dedent(PROGRAMS[name]), encoding="latin-1")
    (tmp_path / "neighbour.py").write_text("VALUE = 5\n", encoding="utf-8")

    def run(*command: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
        )

    own, ours = run(program), run(START, program)
    assert (ours.returncode, ours.stdout) == (own.returncode, own.stdout)
    # A traceback has one line more, the start's own, before the lines that are kept for a report.
    assert ours.stderr.splitlines()[-1:] == own.stderr.splitlines()[-1:]
