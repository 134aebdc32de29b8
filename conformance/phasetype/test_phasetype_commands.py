"""``sharpbits phasetype`` and ``sharpbits phasetype fit``: what they print, write and refuse."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from scipy import stats
from typer.testing import CliRunner

from phasetype.chains import discrete_walk, erlang
from sharpbits.cli.application import app
from sharpbits.errors import SharpbitsError, UsageError
from sharpbits.phasetype import (
    GraphBuilder,
    ParameterError,
    coalescent,
    moments,
    pdf,
    quantile,
    sample,
    save,
    two_island,
)
from sharpbits.phasetype.commands import model_of
from sharpbits.phasetype.evaluated import grid, probabilities
from sharpbits.phasetype.inference.progress import progress_bar

RUNNER = CliRunner()


def invoke(*arguments: object, status: int = 0) -> str:
    result = RUNNER.invoke(app, ["phasetype", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.output
    return result.stdout


def document(*arguments: object, status: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(invoke(*arguments, "--json", status=status))
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "times.csv"
    invoke("coalescent:4", "--theta", 1.7, "--sample", 60, "--seed", 1, "-o", file)
    return file


# A model's functions


def test_a_model_by_name_needs_no_file_and_says_what_it_is() -> None:
    text = invoke("coalescent:10")
    assert "coalescent:10: 10 states, 9 edges, continuous time" in text
    assert re.search(r"^θ1 = 1  rate at which a pair coalesces$", text, re.MULTILINE)
    # Kingman: the mean is 2 (1 - 1/n).
    assert re.search(r"mean\s+1.8$", text, re.MULTILINE)


def test_functions_are_those_of_the_package() -> None:
    theta = [1.0, 0.5, 0.25, 0.375]
    found = document(
        "--pdf", "0:4:5", "two-island:3", "--theta", ",".join(map(str, theta)), "--moments", 3, "--quantiles", "0.1,0.5"
    )
    graph = two_island(2, 1)
    assert found["pdf"]["times"] == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(found["pdf"]["values"], pdf(graph, found["pdf"]["times"], theta))
    np.testing.assert_array_equal(found["moments"]["values"], moments(graph, 3, theta))
    np.testing.assert_array_equal(found["quantiles"]["values"], quantile(graph, [0.1, 0.5], theta))
    assert [one["theta"] for one in found["parameters"]] == theta
    assert "gradient" not in found["pdf"]


def test_gradients_are_those_of_closed_forms(tmp_path: Path) -> None:
    """An exponential of rate θ: density θ e^(-θ t), mean 1/θ, median log 2/θ."""
    save(erlang(1), tmp_path / "exponential.json")
    found = document(
        tmp_path / "exponential.json", "--theta", 2, "--pdf", "0,1.5", "--survival", "1", "--moments", 1,
        "--quantiles", "0.5", "--gradient",
    )  # fmt: skip
    times = np.array([0, 1.5])
    np.testing.assert_allclose(
        np.array(found["pdf"]["gradient"])[:, 0], (1 - 2 * times) * np.exp(-2 * times), rtol=1e-11
    )
    assert found["survival"]["gradient"][0][0] == pytest.approx(-np.exp(-2), rel=1e-11)
    assert found["moments"]["gradient"][0][0] == pytest.approx(-1 / 4, rel=1e-11)
    assert found["quantiles"]["gradient"][0][0] == pytest.approx(-np.log(2) / 4, rel=1e-9)


def test_tables_have_a_column_for_each_derivative() -> None:
    lines = invoke("mm1k:3", "--theta", "0.5,1", "--cdf", "1,2", "--gradient").splitlines()
    heading = lines.index(next(line for line in lines if "cdf" in line))
    assert lines[heading].split() == ["time", "cdf", "by", "θ1", "by", "θ2"]
    assert len(lines[heading + 1].split()) == 4
    assert len(lines[heading + 1 :]) == 2


def test_steps_have_probabilities(tmp_path: Path) -> None:
    save(discrete_walk(), tmp_path / "walk.graph")
    text = invoke(tmp_path / "walk.graph", "--theta", "0.625,0.75", "--pdf", "0:4:5")
    assert "walk.graph: 4 states, " in text
    assert "discrete time" in text
    assert re.search(r"step\s+probability", text)
    with pytest.raises(UsageError, match=r"0.5 is not whole"):
        invoke(tmp_path / "walk.graph", "--theta", "0.625,0.75", "--pdf", "0:1:3")


def test_a_sample_is_drawn_by_its_seed_and_written_as_a_table(tmp_path: Path) -> None:
    file = tmp_path / "times.csv"
    found = document("coalescent:4", "--sample", 5, "--seed", 3, "-o", file)
    assert found["sample"]["times"] == sample(coalescent(4), 5, [1.0], seed=3).times.tolist()
    head, *rows = file.read_text().splitlines()
    assert head == "time"
    assert list(map(float, rows)) == found["sample"]["times"]
    with pytest.raises(UsageError, match="no sample was asked for"):
        invoke("coalescent:4", "--pdf", "1", "-o", file)


def test_the_document_is_written_too(tmp_path: Path) -> None:
    text = invoke("coalescent:4", "--pdf", "1", "-o", tmp_path / "found.json")
    assert "coalescent:4" in text
    assert json.loads((tmp_path / "found.json").read_text())["model"] == "coalescent:4"


def test_functions_are_drawn(tmp_path: Path) -> None:
    invoke("coalescent:4", "--pdf", "0:3:30", "--cdf", "0:3:30", "--gradient", "--plot", tmp_path / "found.svg")
    drawn = (tmp_path / "found.svg").read_text()
    assert drawn.startswith("<?xml")
    with pytest.raises(UsageError, match="nothing to plot"):
        invoke("coalescent:4", "--moments", 2, "--plot", tmp_path / "found.svg")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["coalscent:10"], r"'coalscent' is none of[\s\S]*coalescent:N"),
        (["nowhere.json"], r"'nowhere.json' is no file, and none of the ready models"),
        (["coalescent:10", "--pdf", "0:1"], "'0:1' is no grid"),
        (["coalescent:10", "--pdf", "1:0:5"], "is no grid"),
        (["coalescent:10", "--cdf", "-1"], "'-1' is no grid"),
        (["coalescent:10", "--quantiles", "1"], "probabilities from 0 to below 1"),
        (["coalescent:10", "--theta", "1,2"], "coalescent:10 has 1, and 2 were given"),
        (["coalescent:10", "--theta", "x"], "'x' are no numbers"),
        (["mm1k:3", "--theta", "1"], r"has 2, and 1[\s\S]*rate of arrivals, rate of services"),
        (["coalescent:10", "--sample", "3", "--gradient"], "a sample has none"),
        (["coalescent:3", "--theta", "0", "--pdf", "1", "--moments", "1"], "the moments cannot be computed"),
        (["coalescent:10", "--seed", "3"], "the seed 3 was given, and no sample"),
        (["coalescent:10", "--pdf", ""], "'' is no grid"),
        (["coalescent:10", "--quantiles", ""], "'' are not all probabilities"),
        (["coalescent:10", "--theta", ""], "'' are no numbers"),
        (["coalescent:10", "--pdf", "1", "--plot", "x.gif"], "the suffix of x.gif"),
        (["coalescent:10", "-o", "nowhere/x.json"], "does not exist"),
    ],
)
def test_what_cannot_be_printed_is_refused(arguments: list[str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        invoke(*arguments)


@pytest.mark.parametrize(
    ("option", "number", "says"),
    [
        ("--moments", 0, "greater than or equal to 1"),
        ("--moments", 101, "less than or equal to 100"),
        ("--sample", 0, "greater than or equal to 1"),
        ("--sample", 10**13, "less than or equal to 10000000"),
        ("--sample", "many", "valid integer"),
    ],
)
def test_a_number_out_of_range_is_refused_with_its_option(option: str, number: object, says: str) -> None:
    result = RUNNER.invoke(app, ["phasetype", "coalescent:4", option, str(number)])
    assert result.exit_code == 2
    assert re.search(rf"Invalid value for '{option}'.*{says}", result.stderr)


def test_an_error_is_told_without_a_traceback_and_with_status_2(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "sharpbits.cli", "phasetype", "fit", "coalescent:4", str(tmp_path / "nowhere.csv")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("sharpbits: the observations cannot be read")
    assert "Traceback" not in run.stderr


def test_a_graph_does_not_take_every_theta() -> None:
    with pytest.raises(ParameterError, match=r"has the weight -3\.0"):
        invoke("coalescent:3", "--theta", "-1")


def test_a_model_in_a_file_needs_its_parameters(tmp_path: Path) -> None:
    save(erlang(2), tmp_path / "erlang.json")
    with pytest.raises(UsageError, match="has 1, and 0 were given"):
        invoke(tmp_path / "erlang.json")
    constant = GraphBuilder()
    constant.start((1,))
    constant.edge((1,), (0,), 4.0)
    save(constant.build(), tmp_path / "constant.json")
    assert document(tmp_path / "constant.json")["summary"]["values"][0] == pytest.approx(0.25)
    with pytest.raises(UsageError, match="the model has no parameters"):
        invoke(tmp_path / "constant.json", "--gradient")


def test_a_file_may_be_called_like_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(erlang(2), Path("fit.json"))
    Path("fit.json").rename("fit")
    assert document("./fit", "--theta", "2")["states"] == 3


def test_a_ready_model_goes_before_a_file_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(erlang(2), Path("x.json"))
    Path("x.json").rename("coalescent:4")
    assert model_of("coalescent:4").graph == coalescent(4)
    assert model_of("./coalescent:4").graph == erlang(2)


def test_grids_and_probabilities() -> None:
    assert grid("0:1:3").tolist() == [0, 0.5, 1]
    assert grid("2:2:1").tolist() == [2]
    assert grid("0.5").tolist() == [0.5]
    assert probabilities("0.5,0").tolist() == [0.5, 0]
    for text in ("", "a", "1", "-0.1", "nan", "0.5,"):
        with pytest.raises(UsageError, match="not all probabilities"):
            probabilities(text)
    for text in ("", "a", "0:1:0", "0:1:1000001", "nan", "inf", "0:1:2:3", "0:1:2.5"):
        with pytest.raises(UsageError, match="no grid"):
            grid(text)


# Fits


def test_the_most_likely_parameter_is_printed_written_and_drawn(data: Path, tmp_path: Path) -> None:
    files = [tmp_path / "fit.json", tmp_path / "fit.png"]
    text = invoke("fit", "coalescent:4", data, "--starts", 2, "-o", files[0], "--plot", files[1])
    found = json.loads(files[0].read_text())
    (parameter,) = found["parameters"]
    assert parameter["low"] < 1.7 < parameter["high"]
    assert found["observations"] == {"total": 60, "exact": 60, "intervals": 0, "right_censored": 0}
    assert f"fitted to 60 observations of {data}: 60 exact" in text
    assert f"{parameter['theta']:.6g}" in text
    assert "2 of 2 starts came to it" in text
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_the_level_of_intervals_is_what_was_asked_for(data: Path) -> None:
    (wide,), (narrow,) = (
        document("fit", "coalescent:4", data, "--starts", 1, "--level", level)["parameters"] for level in (0.95, 0.5)
    )
    ratio = np.log(wide["high"] / wide["low"]) / np.log(narrow["high"] / narrow["low"])
    assert ratio == pytest.approx(stats.norm.ppf(0.975) / stats.norm.ppf(0.75), rel=1e-6)


def test_particles_are_printed_with_their_prior(data: Path) -> None:
    arguments = ("fit", "coalescent:4", data, "--method", "svgd", "--particles", 20, "--starts", 1)
    found = document(*arguments, "--prior", "gamma:2,1")
    (parameter,) = found["parameters"]
    assert parameter["prior"] == "gamma:2,1"
    assert parameter["mean"] == pytest.approx(np.mean(found["draws"]))
    assert parameter["quantiles"]["0.025"] < 1.7 < parameter["quantiles"]["0.975"]
    assert parameter["effective"] is None


def test_chains_are_printed_with_how_well_they_agree(data: Path) -> None:
    text = invoke(
        "fit", "coalescent:4", data, "--method", "nuts", "--draws", 200, "--warmup", 200, "--chains", 2, "--starts", 1
    )
    assert "effective     R̂" in text
    assert re.search(r"^nuts: chains 2, draws 200, warmup 200, divergent 0, acceptance 0\.\d+, ", text, re.MULTILINE)


def test_a_bar_on_a_terminal_tells_how_far_a_fit_is(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr("sharpbits.console.console", lambda *, stderr: terminal)
    with progress_bar("svgd") as report:
        report(3, 10, 0.25)
    assert re.search(r"iterations.*3/10.*drive 0\.25", screen.getvalue())


def test_what_was_chosen_and_what_has_not_settled_is_said_on_stderr(data: Path) -> None:
    arguments = ["phasetype", "fit", "coalescent:4", str(data), "--method", "svgd", "--particles", "4", "--starts", "1"]
    result = RUNNER.invoke(app, [*arguments, "--iterations", "1"])
    assert result.exit_code == 1, result.output
    assert re.search(r"prior: none was named: log-normal:1\.\d,2", result.stderr)
    assert "not at rest" in result.stderr
    assert "not settled: see the warning above" in result.stdout
    assert re.search(r"log-normal:1\.\d,2$", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--method", "bogus"], "'bogus' is none of the methods ml, svgd, nuts"),
        (["--prior", "gamma:1,1"], r"method ml has no use for --prior[\s\S]*svgd or nuts"),
        (["--particles", "5"], r"method ml has no use for --particles[\s\S]*--method svgd"),
        (["--method", "nuts", "--iterations", "5"], "nuts has no use for --iterations"),
        (["--method", "svgd", "--chains", "2"], "svgd has no use for --chains"),
        (["--method", "svgd", "--prior", "gama:1,1"], "name gamma"),
        (["--method", "svgd", "--prior", "gamma:1,1", "--prior", "gamma:1,1"], "2 priors, and the graph has 1"),
        (["--method", "svgd", "--parallel", "bogus"], "'bogus' is none of none, vmap, pmap"),
        (["--plot", "fit.gif"], "the suffix of fit.gif"),
    ],
)
def test_what_cannot_be_fitted_is_refused(data: Path, options: list[str], says: str) -> None:
    with pytest.raises(SharpbitsError, match=says):
        invoke("fit", "coalescent:4", data, *options)


def test_data_is_never_written_over(data: Path, tmp_path: Path) -> None:
    before = data.read_text()
    with pytest.raises(UsageError, match="is read, too"):
        invoke("fit", "coalescent:4", data, "-o", data)
    save(erlang(2), tmp_path / "model.json")
    with pytest.raises(UsageError, match="is read, too"):
        invoke(tmp_path / "model.json", "--theta", "1", "-o", tmp_path / "model.json")
    with pytest.raises(UsageError, match="name the same file"):
        invoke("fit", "coalescent:4", data, "-o", tmp_path / "x.png", "--plot", tmp_path / "x.png")
    assert data.read_text() == before


def test_help_tells_both_ways_in() -> None:
    text = invoke("--help")
    assert "Usage: " in text
    assert "MODEL [OPTIONS] | fit MODEL DATA.csv [OPTIONS]" in " ".join(text.split())
    assert "--pdf TIMES" in invoke("MODEL", "--help")
    assert "--method" in invoke("fit", "-h")
    assert "Usage: " in RUNNER.invoke(app, ["phasetype"]).output
