"""A graph in a file: JSON or bytes by its name, read by what it is; a damaged file is an error that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from phasetype.samples import linear, log_linear
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.phasetype import Graph, GraphError, load, save


@pytest.mark.parametrize("graph", [linear(), log_linear()])
@pytest.mark.parametrize("suffix", [".json", ".graph"])
def test_a_graph_that_was_saved_is_loaded(graph: Graph, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    save(graph, path)
    assert load(path) == graph
    other = path.rename(tmp_path / "renamed")
    assert load(other) == graph


@pytest.mark.parametrize("suffix", [".json", ".graph"])
def test_a_damaged_file_is_refused_by_name(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"model{suffix}"
    save(linear(), path)
    content = path.read_bytes()
    for damaged in (content[:-3], content[:5], content.replace(b"1", b"2", 1), b""):
        path.write_bytes(damaged)
        with pytest.raises(GraphError) as caught:
            load(path)
        assert caught.value.context["path"] == path


def test_a_file_of_another_name_is_not_written(tmp_path: Path) -> None:
    for name in ("model", "model.pkl", "model.npz"):
        with pytest.raises(UsageError, match=r"none of \.json, \.graph"):
            save(linear(), tmp_path / name)
    with pytest.raises(SharpbitsError):
        save(linear(), tmp_path / "missing" / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(UsageError, match="cannot be read"):
            load(path)
