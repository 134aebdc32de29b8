"""What importing the package takes, and what its names are, in whichever order they are asked for."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from phasetype.processes import LIMIT_S
from sharpbits import phasetype


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=LIMIT_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_graphs_are_built_recorded_and_replayed_without_jax() -> None:
    """And what needs JAX says so, with the line that installs it."""
    told = run(
        """
        import sys
        sys.modules["jax"] = None
        from sharpbits import phasetype
        graph = phasetype.two_island(2, 1)
        trace = phasetype.record_hierarchically(graph, strategy="auto")
        theta = [1.0] * graph.parameters
        whole = phasetype.record(graph)
        assert abs(trace.moments(graph, theta) / whole.moments(graph, theta) - 1) < 1e-14
        try:
            phasetype.pdf
        except ImportError as error:
            print(error)
        """
    )
    assert "pip install 'sharpbits[phasetype]'" in told


@pytest.mark.parametrize("first", ["reward_moments", "epochs", "density", "resolvent"])
def test_a_name_is_the_same_whatever_is_imported_first(first: str) -> None:
    run(
        f"""
        import types
        import sharpbits.phasetype.{first}
        from sharpbits import phasetype
        from sharpbits.phasetype import laplace, moments, quantile
        for name in ("laplace", "moments", "quantile"):
            assert isinstance(getattr(phasetype, name), types.FunctionType), name
        assert isinstance(phasetype.epochs, types.ModuleType)
        """
    )


@pytest.mark.parametrize("name", phasetype.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(phasetype, name) is not None


def test_there_are_no_other_names() -> None:
    assert not hasattr(phasetype, "nothing")
