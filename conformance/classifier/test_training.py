"""Training: the same bits every time, killed and resumed or not; early stopping; a NaN is an error that says where."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import jax
import numpy as np
import pytest

from sharpbits.classifier import (
    DamagedFileError,
    DivergenceError,
    Parameters,
    Part,
    Settings,
    UnsupportedError,
    choose,
    get_mode,
    train,
)
from sharpbits.classifier.history import History
from sharpbits.classifier.modes import DEVICES, MODES, Mode
from sharpbits.errors import SharpbitsError, UsageError

Trained = tuple[Parameters, History]

LAYERS, WIRES, ROWS = 1, 2, 20


def part(seed: int = 0) -> Part:
    rng = np.random.default_rng(seed)
    angles = rng.normal(scale=0.5, size=(ROWS, WIRES))
    return Part(angles, (angles.sum(axis=1) > 0).astype(np.int64))


def fused(dtype: str = "float64") -> Mode:
    return get_mode("fused", "auto", layers=LAYERS, wires=WIRES, dtype=dtype)


def same_bits(one: Trained, other: Trained) -> bool:
    (parameters, history), (other_parameters, other_history) = one, other
    return all(
        np.asarray(a).tobytes() == np.asarray(b).tobytes()
        for a, b in zip(
            [*parameters, *history.step_losses, *history.validation_losses],
            [*other_parameters, *other_history.step_losses, *other_history.validation_losses],
            strict=True,
        )
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_equal_arguments_give_equal_bits_and_another_seed_gives_others(dtype: str) -> None:
    first = train(fused(dtype), part(), Settings(epochs=3, batch_size=8))
    assert same_bits(first, train(fused(dtype), part(), Settings(epochs=3, batch_size=8)))
    assert not same_bits(first, train(fused(dtype), part(), Settings(epochs=3, batch_size=8, seed=1)))
    assert {str(leaf.dtype) for leaf in first[0]} == {dtype}


def test_the_loss_falls_and_one_loss_a_step_is_reported() -> None:
    seen = []
    _, history = train(
        fused(), part(), Settings(epochs=20, batch_size=8), report=lambda h, rows: seen.append((h.epochs, rows))
    )
    assert history.losses[-1] < 0.5 * history.losses[0]
    assert [losses.shape for losses in history.step_losses] == [(3,)] * 20
    assert seen == [(epoch, ROWS) for epoch in range(1, 21)]
    assert len(history.seconds) == 20
    assert min(history.seconds) > 0


@pytest.mark.parametrize("mode", ["vmap", "map", "native"])
def test_every_mode_trains_to_the_same_parameters(mode: str) -> None:
    """SGD, whose steps are the gradient and nothing else: rounding stays rounding."""
    pytest.importorskip("catalyst")
    settings = Settings(epochs=2, batch_size=8, optimiser="sgd", learning_rate=0.1)
    ours, _ = train(get_mode(mode, "auto", layers=LAYERS, wires=WIRES, dtype="float64"), part(), settings)
    reference, _ = train(fused(), part(), settings)
    for leaf, other in zip(ours, reference, strict=True):
        np.testing.assert_allclose(leaf, other, rtol=0, atol=1e-12)


@pytest.mark.parametrize("optimiser", ["adam", "momentum", "sgd"])
def test_a_resumed_run_ends_in_the_same_bits_as_an_uninterrupted_one(tmp_path: Path, optimiser: str) -> None:
    common: dict[str, Any] = {"batch_size": 8, "optimiser": optimiser, "patience": 50}
    whole = train(fused(), part(), Settings(epochs=6, **common), validation=part(1))
    file = tmp_path / "run"
    train(fused(), part(), Settings(epochs=4, checkpoint=file, **common), validation=part(1))
    resumed = Settings(epochs=6, checkpoint=file, resume=True, **common)
    assert same_bits(whole, train(fused(), part(), resumed, validation=part(1)))
    # All is done: nothing is run, and the same comes out again.
    assert same_bits(whole, train(fused(), part(), resumed, validation=part(1)))


RUN = """
import sys
from pathlib import Path
import numpy as np
from sharpbits.classifier import Part, Settings, get_mode, train
mode = get_mode(sys.argv[1], "auto", layers=1, wires=2, dtype="float32")
rng = np.random.default_rng(0)
angles = rng.normal(scale=0.5, size=(20, 2))
part = Part(angles, (angles.sum(axis=1) > 0).astype(np.int64))
file = Path(sys.argv[2])
settings = Settings(epochs=int(sys.argv[3]), batch_size=8, checkpoint=file, resume=file.exists())
parameters, history = train(mode, part, settings)
print(history.epochs, *(np.asarray(leaf).tobytes().hex() for leaf in (*parameters, *history.step_losses)))
"""


@pytest.mark.parametrize("mode", ["fused", "native"])
def test_a_killed_run_resumes_bit_for_bit(tmp_path: Path, mode: str) -> None:
    """The run is killed where it happens to be, by SIGKILL, once it has written a checkpoint; another goes on."""
    if mode == "native":
        pytest.importorskip("catalyst")
    file = tmp_path / "run"
    command = [sys.executable, "-c", RUN, mode, str(file)]
    killed = subprocess.Popen([*command, str(10**6)])
    deadline = time.monotonic() + 240
    while not file.exists():
        assert killed.poll() is None, "the run ended by itself"
        assert time.monotonic() < deadline, "no checkpoint was written"
        time.sleep(0.001)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    resumed = subprocess.run([*command, "40"], capture_output=True, text=True, check=True).stdout.split()
    # A late kill finds the run further than 40 epochs; then there is nothing left to do but to load it.
    epochs = int(resumed[0])
    assert epochs >= 40
    whole = get_mode(mode, "auto", layers=1, wires=2, dtype="float32")
    parameters, history = train(whole, part(), Settings(epochs=epochs, batch_size=8))
    assert resumed[1:] == [np.asarray(leaf).tobytes().hex() for leaf in (*parameters, *history.step_losses)]


def test_a_checkpoint_of_another_run_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    file = tmp_path / "run"
    train(fused(), part(), Settings(epochs=1, checkpoint=file))
    with pytest.raises(UsageError, match=r"learning_rate is 0\.05 there and 0\.1 here"):
        train(fused(), part(), Settings(epochs=2, checkpoint=file, resume=True, learning_rate=0.1))
    with pytest.raises(UsageError, match="data is"):
        train(fused(), part(1), Settings(epochs=2, checkpoint=file, resume=True))
    with pytest.raises(UsageError, match="exists, and a new run would overwrite it"):
        train(fused(), part(), Settings(epochs=2, checkpoint=file))


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run"
    train(fused(), part(), Settings(epochs=1, checkpoint=file))
    content = file.read_bytes()
    file.write_bytes(content[:-20])
    with pytest.raises(DamagedFileError, match="SHA-256"):
        train(fused(), part(), Settings(epochs=2, checkpoint=file, resume=True))


def test_a_checkpoint_is_written_every_so_many_epochs_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "run"
    seen = []
    train(
        fused(),
        part(),
        Settings(epochs=5, checkpoint=file, checkpoint_every=2),
        report=lambda history, _: seen.append((history.epochs, file.exists())),
    )
    # The report of an epoch comes before its checkpoint.
    assert seen == [(1, False), (2, False), (3, True), (4, True), (5, True)]
    assert list(tmp_path.iterdir()) == [file]


def test_early_stopping_keeps_the_parameters_of_the_lowest_validation_loss() -> None:
    """The validation labels are the opposite of the training labels: every epoch makes their loss worse."""
    held_out = Part(part().angles, 1 - part().labels)
    settings = Settings(epochs=50, batch_size=8, patience=3)
    parameters, history = train(fused(), part(), settings, validation=held_out)
    best = int(np.argmin(history.validation_losses))
    assert history.epochs == best + 1 + 3 < 50
    reference, _ = train(fused(), part(), Settings(epochs=best + 1, batch_size=8))
    assert all(np.array_equal(a, b) for a, b in zip(parameters, reference, strict=True))


@pytest.mark.parametrize("mode", ["fused", "native"])
def test_a_nan_in_the_loss_stops_with_epoch_step_and_batch(mode: str) -> None:
    """One angle is NaN, so the batch that holds its row has a NaN loss."""
    if mode == "native":
        pytest.importorskip("catalyst")
    compiled = get_mode(mode, "auto", layers=LAYERS, wires=WIRES, dtype="float64")
    broken = part()
    broken.angles[13, 0] = np.nan
    with pytest.raises(DivergenceError, match="loss is nan") as stopped:
        train(compiled, broken, Settings(epochs=3, batch_size=8))
    error = stopped.value
    assert error.epoch == 1
    assert error.step == error.batch <= 3
    rows = str(error).split("rows ")[1].split(" of the")[0].split(", ")
    assert "13" in rows


def test_a_run_that_diverges_later_names_its_epoch_and_leaves_the_good_checkpoint(tmp_path: Path) -> None:
    """Plain descent with a step that overflows float32 after some updates."""
    file = tmp_path / "run"
    settings = Settings(
        epochs=50, batch_size=8, optimiser="momentum", learning_rate=3e37, checkpoint=file, checkpoint_every=1
    )
    with pytest.raises(DivergenceError) as stopped:
        train(fused("float32"), part(), settings)
    steps = 3
    assert stopped.value.step == (stopped.value.epoch - 1) * steps + stopped.value.batch
    assert file.exists() == (stopped.value.epoch > 1)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 2.5}, r"batch_size is 2\.5"),
        ({"patience": 2}, "there is none"),
        ({"resume": True}, "no checkpoint is named"),
        ({"optimiser": "adamm"}, "'adamm' is none of adam"),
        ({"learning_rate": 0.0}, "not a positive finite number"),
    ],
)
def test_settings_that_cannot_be_used_are_errors(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        train(fused(), part(), Settings(**wrong))


def test_resuming_from_a_file_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        train(fused(), part(), Settings(checkpoint=tmp_path / "none", resume=True))


def test_what_the_program_around_training_set_for_jax_is_left_alone() -> None:
    code = (
        "import jax, numpy as np; from sharpbits.classifier import QuantumClassifier;"
        "X = np.random.default_rng(0).normal(size=(20, 2));"
        "QuantumClassifier(epochs=1, dtype='float64').fit(X, X[:, 0] > 0).predict(X);"
        "print(jax.config.jax_enable_x64)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("device", DEVICES)
def test_a_mode_runs_on_the_device_that_was_asked_for_or_not_at_all(mode: str, device: str) -> None:
    sensible = {
        "vmap": {"default.qubit", "lightning.qubit", "lightning.gpu"},
        "map": {"default.qubit", "lightning.qubit", "lightning.gpu"},
        "native": {"lightning.qubit", "lightning.gpu"},
        "fused": {"statevector"},
    }
    if mode != "auto" and device != "auto" and device not in sensible[mode]:
        with pytest.raises(UnsupportedError, match=f"mode {mode} does not run on {device}"):
            choose(mode, device)
        return
    chosen_mode, chosen_device = choose(mode, device)
    assert mode in ("auto", chosen_mode)
    assert device in ("auto", chosen_device)
    assert chosen_device in sensible[chosen_mode]


def test_auto_logs_what_it_chose_and_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="sharpbits.classifier"):
        assert choose() == ("fused", "statevector")
        assert choose(device="lightning.qubit") == ("native", "lightning.qubit")
    assert "mode auto: fused, because it is the fastest" in caplog.text
    assert "mode auto: native, because it is the fastest that runs on lightning.qubit" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "options", "why"),
    [
        (("vmapp", "auto"), {}, "'vmapp' is none of auto"),
        (("vmap", "lightning.cpu"), {}, "'lightning.cpu' is none of auto"),
        (("native", "lightning.qubit"), {"c_dtype": "complex64"}, "ignores c_dtype"),
        (("fused", "auto"), {"use_async": True}, "has no option 'use_async'"),
        (("native", "lightning.gpu"), {"c_dtype": "complex32"}, "cannot be 'complex32'"),
        (("native", "lightning.gpu"), {"use_async": "yes"}, "cannot be 'yes'"),
    ],
)
def test_a_name_or_an_option_that_cannot_be_used_is_an_error(
    arguments: tuple[str, str], options: dict[str, object], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        get_mode(*arguments, layers=1, wires=2, dtype="float64", options=options)


def test_a_device_that_is_not_installed_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pennylane")
    import pennylane

    def absent(*_: object, **__: object) -> NoReturn:
        raise ImportError("libcustatevec.so.1: cannot open shared object file")

    monkeypatch.setattr(pennylane, "device", absent)
    with pytest.raises(SharpbitsError, match=r"sharpbits\[gpu\]") as error:
        get_mode("native", "lightning.gpu", layers=1, wires=2, dtype="float32", options={"c_dtype": "complex64"})
    assert "libcustatevec" in str(error.value)


def test_training_runs_where_x64_is_off_for_the_rest_of_the_program() -> None:
    config: Any = jax.config  # has no types
    before = config.jax_enable_x64
    config.update("jax_enable_x64", False)
    try:
        parameters, _ = train(fused("float64"), part(), Settings(epochs=1))
    finally:
        config.update("jax_enable_x64", before)
    assert parameters.weights.dtype == np.float64
