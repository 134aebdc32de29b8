"""``sharpbits train`` and ``sharpbits evaluate``: what they print, write and refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sharpbits.classifier import commands, embedded_table, load
from sharpbits.classifier.commands import TrainRequest
from sharpbits.classifier.hyperparameters import Hyperparameters
from sharpbits.cli.application import app
from sharpbits.errors import SharpbitsError

RUNNER = CliRunner()
QUICK = ["--qubits", "2", "--epochs", "3", "--mode", "fused"]


def run(*arguments: object) -> str:
    result = RUNNER.invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def figure(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1].replace(",", ""))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("data") / "table.csv"
    embedded_table().to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def model(table: Path) -> Path:
    file = table.parent / "model"
    run("train", table, "--target", "diagnosis", "--out", file, *QUICK)
    return file


def test_the_first_run_needs_no_file_and_reaches_logistic_regression_minus_two_points() -> None:
    printed = run("train", "--qubits", 8)
    ours = figure(r"test accuracy on 113 rows: ([\d.]+)", printed)
    theirs = figure(r"logistic regression, same split: ([\d.]+)", printed)
    assert ours >= theirs - 0.02
    assert theirs > 0.9
    assert "mode fused on statevector, float32: 50 epochs of 365 rows" in printed
    assert figure(r"([\d,]+) samples/s", printed) > 0


def test_without_options_the_classifier_is_told_what_it_assumes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defaults stand twice, since help must come without JAX: nothing but progress and the seed may differ."""
    seen: list[TrainRequest] = []

    def note(request: TrainRequest) -> int:
        seen.append(request)
        return 0

    monkeypatch.setattr(commands, "run_train", note)
    run("train")
    assert vars(seen[0].hyperparameters) == vars(Hyperparameters(random_state=0, progress=True, device_options={}))


def test_what_auto_chose_is_said_on_stderr() -> None:
    result = RUNNER.invoke(app, ["train", "--qubits", "2", "--epochs", "1"])
    assert "mode auto: fused, because it is the fastest" in result.stderr


def test_the_accuracy_printed_is_that_of_the_saved_model_on_the_test_rows(table: Path, tmp_path: Path) -> None:
    """The rows held out are those of a split with the same seed, so the file reproduces the figure."""
    from sharpbits.classifier import read_table, split_rows

    printed = run("train", table, "--target", "diagnosis", "--out", tmp_path / "model", "--seed", 3, *QUICK)
    loaded = load(tmp_path / "model")
    assert loaded.schema is not None
    read = read_table(table)
    features, labels = loaded.schema.feature_values(read), loaded.schema.label_codes(read)
    _, test = split_rows(labels, 0.2, 3)
    accuracy = np.mean(loaded.estimator.predict(features[test]) == labels[test])
    assert figure(r"test accuracy on 113 rows: ([\d.]+)", printed) == pytest.approx(accuracy, abs=5e-5)


def test_evaluate_prints_the_figures_and_draws_the_plot(model: Path, table: Path, tmp_path: Path) -> None:
    printed = run("evaluate", model, table, "--plot", tmp_path / "plot.png")
    document = json.loads(run("evaluate", model, table, "--json"))
    assert figure(r"\naccuracy +([\d.]+)", printed) == pytest.approx(document["accuracy"], abs=5e-5)
    assert figure(r"balanced accuracy +([\d.]+)", printed) == pytest.approx(document["balanced_accuracy"], abs=5e-5)
    assert figure(r"ROC AUC +([\d.]+)", printed) == pytest.approx(document["roc_auc"], abs=5e-5)
    for part in ("confusion matrix", "said malignant", "calibration"):
        assert part in printed
    assert sum(map(sum, document["confusion"])) == document["rows"] == 569
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("suffix", "start"), [(".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_the_plot_is_of_the_format_that_its_name_says(
    model: Path, table: Path, tmp_path: Path, suffix: str, start: bytes
) -> None:
    run("evaluate", model, table, "--plot", tmp_path / f"plot{suffix}")
    assert (tmp_path / f"plot{suffix}").read_bytes().startswith(start)


def test_numpy_data_rows_drop_positive_and_missing_are_options(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 4))
    labels = features[:, 0] > 0
    features[3, 1] = np.nan
    np.savez(tmp_path / "data.npz", X=features, y=labels)
    options = ["--rows", 150, "--drop", "3", "--positive", "False", "--missing", "median", "--out", tmp_path / "model"]
    run("train", tmp_path / "data.npz", *options, *QUICK)
    loaded = load(tmp_path / "model")
    assert loaded.schema is not None
    assert loaded.schema.features == ("0", "1", "2")
    assert loaded.schema.labels.positive == "False"
    assert loaded.estimator.missing == "median"
    assert json.loads(run("evaluate", tmp_path / "model", tmp_path / "data.npz", "--json"))["rows"] == 200


def test_a_checkpoint_resumes_from_the_command_line(tmp_path: Path) -> None:
    common = ["train", "--qubits", "2", "--mode", "fused", "--checkpoint", tmp_path / "run"]
    run(*common, "--epochs", 2)
    run(*common, "--epochs", 4, "--resume", "--out", tmp_path / "resumed")
    run("train", "--qubits", "2", "--mode", "fused", "--epochs", 4, "--out", tmp_path / "whole")
    resumed, whole = load(tmp_path / "resumed").estimator, load(tmp_path / "whole").estimator
    for leaf, other in zip(resumed.parameters_, whole.parameters_, strict=True):
        assert np.array_equal(leaf, other)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["train", "none.csv", "--target", "y"], "none.csv is not a file"),
        (["train", "--out", "none/model"], "none does not exist"),
        (["train", "--target", "outcome"], "there is no column 'outcome'"),
        (["train", "--target", "mean radius"], "456 classes"),
        (["train", "--mode", "native", "--device", "default.qubit"], "cannot run inside @qjit"),
        (["train", "--mode", "vmap", "--c-dtype", "complex64"], "ignores c_dtype"),
        (["train", "--threshold", "best"], "'best' is none of balanced_accuracy, f1"),
        (["train", "--qubits", "31"], "31 components were asked for"),
        (["train", "--test", "0"], "not between 0 and 1"),
        (["train", "--resume"], "no checkpoint is named"),
    ],
)
def test_a_request_that_cannot_be_met_is_an_error_and_never_another_request(
    arguments: list[str], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SharpbitsError, match=re.escape(why)):
        run(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_evaluate_refuses_a_damaged_model_and_another_table(model: Path, table: Path, tmp_path: Path) -> None:
    with pytest.raises(SharpbitsError, match="begins with"):
        run("evaluate", table, table)
    embedded_table().drop(columns="mean radius").to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(SharpbitsError, match="there is no column 'mean radius'"):
        run("evaluate", model, tmp_path / "other.csv")
    with pytest.raises(SharpbitsError, match=r"is none of \.pdf, \.png, \.svg"):
        run("evaluate", model, table, "--plot", tmp_path / "plot.bmp")


def test_the_command_itself_trains_and_an_error_is_exit_status_2(tmp_path: Path) -> None:
    def command(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sharpbits.cli", *map(str, arguments)], capture_output=True, text=True
        )

    done = command("train", *QUICK, "--out", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model").is_file()
    assert "logistic regression, same split: 0.9" in done.stdout
    refused = command("train", "--mode", "fast")
    assert refused.returncode == 2
    assert refused.stderr.startswith("sharpbits: no such mode\n  why: 'fast' is none of")
    assert "Traceback" not in refused.stderr


def test_help_imports_neither_jax_nor_scikit_learn() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from sharpbits.cli.application import app;"
        "assert CliRunner().invoke(app, ['train', '--help']).exit_code == 0;"
        "print(sorted({'jax', 'sklearn', 'pandas', 'numpy', 'matplotlib', 'rich'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
