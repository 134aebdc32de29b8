"""What the README says of phase-type graphs: its commands are run as they stand, and its output is what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sharpbits.cli.application import app

ROOT = Path(__file__).parents[2]


def part() -> str:
    found = re.search(r"^## Phase-type graphs\n(.*?)^## ", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def sessions() -> list[tuple[str, list[str]]]:
    """Commands, and the lines that are said to follow."""
    (block,) = re.findall(r"^```\n(\$ .*?)^```", part(), re.MULTILINE | re.DOTALL)
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def assert_same(printed: str, said: str) -> None:
    """The same words, and numbers to three digits: the last ones may differ from machine to machine."""
    for one, other in zip(printed.split(), said.split(), strict=True):
        try:
            number = float(other)
        except ValueError:
            assert one == other
        else:
            assert float(one) == pytest.approx(number, rel=1e-3)


def test_its_commands_print_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    ran = 0
    for command, said in sessions():
        program, *arguments = shlex.split(command)
        assert program == "sharpbits"
        result = runner.invoke(app, arguments)
        assert result.exit_code == 0, f"{command}: {result.output}{result.exception}"
        if said != ["…"]:
            assert_same(result.stdout, "\n".join(said))
        ran += 1
    assert ran >= 4
    assert (tmp_path / "fit.svg").read_text().startswith("<?xml")


def test_the_commands_of_its_table_run(tmp_path: Path) -> None:
    (command,) = re.findall(r"\| `(sharpbits phasetype MODEL[^`]*)`", part())
    models = [f"{name}:{size}" for name, size in re.findall(r"`([a-z0-9-]+):(\d+)`", part())]
    assert models == ["block-counting:20", "two-island:6", "mm1k:8"]
    for model in models:
        arguments = shlex.split(command.replace("MODEL", model))[1:]
        plot = tmp_path / "plot.png"
        result = CliRunner().invoke(app, [*arguments, "--json", "-o", str(tmp_path / "out.json"), "--plot", str(plot)])
        assert result.exit_code == 0, f"{model}: {result.output}{result.exception}"
        assert plot.exists()


def test_its_program_runs() -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```", part(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    # JAX's types are set by the test's own fixture; set for good, they would be other tests' too.
    exec(program.replace('jax.config.update("jax_enable_x64", True)\n', ""), names)
    slopes = np.asarray(names["slopes"])
    t, a, b = np.array([0.5, 1.0, 2.0]), 1.0, 3.0
    decayed, sooner = np.exp(-a * t), np.exp(-b * t)
    # f = a b (e^(-a t) - e^(-b t))/(b - a), differentiated by hand.
    by_a = b * (decayed - sooner) / (b - a) + a * b * (-t * decayed / (b - a) + (decayed - sooner) / (b - a) ** 2)
    by_b = a * (decayed - sooner) / (b - a) + a * b * (t * sooner / (b - a) - (decayed - sooner) / (b - a) ** 2)
    np.testing.assert_allclose(slopes, np.stack([by_a, by_b], axis=1), rtol=1e-10, atol=1e-12)
    rates = np.array([[1.0, 3.0], [2.0, 3.0]])
    means = (1 / rates).sum(axis=1)
    squares = (1 / rates**2).sum(axis=1) + means**2
    np.testing.assert_allclose(np.asarray(names["moments"]), np.stack([means, squares], axis=1), rtol=1e-14)
