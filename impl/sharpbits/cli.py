"""The command line: ``sharpbits check`` and the commands around it.

Only typer is imported here; each command imports what it needs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sharpbits.catalogue import Catalogue

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich alone costs a third of the time that --help may take
    help="Which documented sharp bits of Catalyst, Lightning, JAX and torch.compile bite on this machine?",
)

Python = Annotated[
    Path | None,
    typer.Option("--python", metavar="PATH", help="Interpreter of the environment to check; default: this one."),
]
Findings = Annotated[
    list[Path] | None,
    typer.Option("--findings", metavar="DIR", help="Folder of findings instead of the shipped ones; repeatable."),
]
Name = Annotated[str, typer.Argument(metavar="FINDING", help="Id, slug, or a part that only one finding has.")]


@app.callback()
def _root() -> None:
    """Without this, a single command would swallow its name."""


@app.command()
def check(
    expression: Annotated[
        str,
        typer.Option(
            "-k", metavar="EXPR", help="Only findings whose id or title matches, e.g. 'lax_map and not value'."
        ),
    ] = "",
    component: Annotated[str, typer.Option(help="Only this component, e.g. catalyst.")] = "",
    list_only: Annotated[bool, typer.Option("--list", help="List the findings, run nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document instead of the table.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Also write the JSON document to a file.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write JUnit XML.")] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write one self-contained HTML page, with filters.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run every finding, also where an earlier result is known.")
    ] = False,
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", min=0, help="Findings to run side by side; 0: as many as cores and memory allow."),
    ] = 0,
    python: Python = None,
    findings: Findings = None,
) -> None:
    """Run the catalogue and tell which findings bite.

    Exit status: 0 when every finding behaves as documented, 1 when one changed (or its file is broken), 2 for a usage
    error, 130 when interrupted.
    """
    from sharpbits.check import Request, run_check

    request = Request(
        expression=expression or None,
        component=component or None,
        list_only=list_only,
        as_json=as_json,
        output=output,
        junit=junit,
        html=html,
        fresh=fresh,
        jobs=jobs,
        python=python,
    )
    raise typer.Exit(run_check(_catalogue(findings), request))


@app.command()
def show(name: Name, python: Python = None, findings: Findings = None) -> None:
    """Tell everything about one finding: what happens, the oracle, the documented versions, the last result here."""
    from sharpbits.catalogue import ResultCache, describe_environment, judge
    from sharpbits.catalogue.runner import Result
    from sharpbits.report.terminal import console, print_finding

    finding = _catalogue(findings).find(name)
    environment = describe_environment(python)
    known = ResultCache().get(finding, environment)
    result = Result(finding, judge(finding, environment, known), known, cached=True) if known else None
    print_finding(console(), finding, environment, result)


@app.command()
def repro(name: Name, findings: Findings = None) -> None:
    """Print a finding's file, to paste into an upstream issue: it needs the packages it names and nothing else."""
    sys.stdout.write(_catalogue(findings).find(name).source)


@app.command()
def env(python: Python = None) -> None:
    """Print the environment's fingerprint as JSON: versions, processor, GPUs, variables that steer the stack."""
    import json

    from sharpbits.catalogue import describe_environment

    typer.echo(json.dumps(describe_environment(python).as_dict(), indent=1))


@app.command()
def gate(
    against: Annotated[Path, typer.Option(metavar="REF.json", help="The stored run to compare with.")],
    new: Annotated[
        Path | None, typer.Argument(metavar="[NEW.json]", help="A stored run; without it `pytest perf` is run here.")
    ] = None,
    factor: Annotated[float, typer.Option(help="How many times slower is still the same.")] = 1.05,
    threshold: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FACTOR", help="Another factor for one benchmark; repeatable.")
    ] = None,
    cross_machine: Annotated[
        bool, typer.Option("--cross-machine", help="Compare figures of two machines: ratios to a peer only.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="An undecided claim fails.")] = False,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write Markdown.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write an HTML page with history.")] = None,
    history: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Older stored runs to plot; repeatable.")
    ] = None,
) -> None:
    """Hold a run of the performance gates against a reference: exit status 1 when something got slower or missing.

    Store a run with `pytest perf --benchmark-json=FILE`.
    """
    with _extra("the gate cannot be held", "perf"):
        from sharpbits.gate.command import GateRequest, run_gate

    request = GateRequest(
        against=against,
        new=new,
        factor=factor,
        thresholds=threshold or (),
        cross_machine=cross_machine,
        strict=strict,
        markdown=markdown,
        html=html,
        history=history or (),
    )
    raise typer.Exit(run_gate(request))


@app.command()
def train(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]", help="CSV, TSV, Parquet, .npy or .npz; default: the embedded breast cancer table."
        ),
    ] = None,
    target: Annotated[str, typer.Option(metavar="COLUMN", help="The column of labels; .npz: y.")] = "",
    out: Annotated[Path | None, typer.Option(metavar="MODEL", help="Write the trained model to this file.")] = None,
    positive: Annotated[
        str, typer.Option(metavar="LABEL", help="The positive class; default: the later in order.")
    ] = "",
    drop: Annotated[list[str] | None, typer.Option(metavar="COLUMN", help="Not a feature; repeatable.")] = None,
    missing: Annotated[str, typer.Option(help="Missing values: error, or median of the training part.")] = "error",
    rows: Annotated[int, typer.Option(min=0, help="Use a seeded sample of so many rows; 0: all.")] = 0,
    test: Annotated[float, typer.Option(help="Share of the rows to hold out for the test.")] = 0.2,
    validation: Annotated[float, typer.Option(help="Share of the rest for the threshold and stopping early.")] = 0.2,
    mode: Annotated[str, typer.Option(help="vmap, map, native, fused, or auto.")] = "auto",
    device: Annotated[str, typer.Option(help="lightning.qubit, lightning.gpu, default.qubit, or auto.")] = "auto",
    c_dtype: Annotated[str, typer.Option(help="lightning.gpu: complex64 or complex128.")] = "",
    use_async: Annotated[bool, typer.Option("--use-async", help="lightning.gpu: asynchronous execution.")] = False,
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float32",
    qubits: Annotated[
        int, typer.Option(min=0, help="Wires, and components; 0: 8, or as many as there are features.")
    ] = 0,
    layers: Annotated[int, typer.Option(min=1, help="Layers of rotations and CNOTs.")] = 2,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the training part.")] = 50,
    batch: Annotated[int, typer.Option(min=1, help="Rows a step.")] = 32,
    optimiser: Annotated[str, typer.Option(help="adam, sgd or momentum.")] = "adam",
    learning_rate: Annotated[float, typer.Option(help="Step of the optimiser.")] = 0.05,
    patience: Annotated[int, typer.Option(min=0, help="Stop after so many epochs without progress; 0: never.")] = 0,
    threshold: Annotated[str, typer.Option(help="balanced_accuracy, f1, or a probability.")] = "balanced_accuracy",
    seed: Annotated[int, typer.Option(min=0, help="Of all that is drawn.")] = 0,
    checkpoint: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the run here, to go on later.")] = None,
    checkpoint_every: Annotated[int, typer.Option(min=1, help="Epochs between checkpoints.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint.")] = False,
) -> None:
    """Train a variational quantum classifier, and hold it against logistic regression on the same split."""
    with _extra("a classifier cannot be trained", "classifier"):
        from sharpbits.classifier.commands import TrainRequest, run_train

    request = TrainRequest(
        data=data,
        target=target or None,
        out=out,
        positive=positive or None,
        drop=tuple(drop or ()),
        rows=rows,
        test=test,
        settings={
            "missing": missing,
            "validation_fraction": validation,
            "mode": mode,
            "device": device,
            "device_options": ({"c_dtype": c_dtype} if c_dtype else {}) | ({"use_async": True} if use_async else {}),
            "dtype": dtype,
            "qubits": qubits or None,
            "layers": layers,
            "epochs": epochs,
            "batch_size": batch,
            "optimiser": optimiser,
            "learning_rate": learning_rate,
            "patience": patience or None,
            "threshold": threshold,
            "random_state": seed,
            "checkpoint": checkpoint,
            "checkpoint_every": checkpoint_every,
            "resume": resume,
        },
    )
    raise typer.Exit(run_train(request))


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A file that `sharpbits train --out` wrote.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A table with the columns the model was trained on.")],
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw ROC, loss curve and decisions: .png, .svg or .pdf.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON document instead of the table.")] = False,
) -> None:
    """Tell how good a trained classifier is on a table: accuracy, ROC AUC, confusion matrix, calibration."""
    with _extra("a classifier cannot be evaluated", "classifier"):
        from sharpbits.classifier.commands import run_evaluate

    raise typer.Exit(run_evaluate(model, data, plot_file=plot, as_json=as_json))


@contextmanager
def _extra(what: str, extra: str) -> Iterator[None]:
    """Turn the absence of a package outside sharpbits into an error that says which extra has it."""
    try:
        yield
    except ModuleNotFoundError as error:
        from sharpbits.errors import UsageError

        raise UsageError(
            what, why=f"{error.name} is missing", resolution=f"pip install 'sharpbits[{extra}]'"
        ) from error


def _catalogue(folders: list[Path] | None) -> Catalogue:
    from sharpbits.catalogue import default_folder, discover

    return discover(folders or [default_folder()])


def main() -> None:
    """Run the command line; an error that sharpbits foresees is printed without a traceback, with exit status 2."""
    from sharpbits.errors import SharpbitsError

    try:
        app()
    except SharpbitsError as error:
        sys.stderr.write(f"sharpbits: {error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
