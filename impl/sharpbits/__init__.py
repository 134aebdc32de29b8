"""sharpbits: the sharp bits of Catalyst, Lightning, JAX and torch.compile, as an executable catalogue.

========================  ==============================================================================
``sharpbits.catalogue``   what a finding is, and how one is found, run and judged
``sharpbits.classifier``  a variational quantum classifier as a scikit-learn estimator (extra: classifier)
``sharpbits.gate``        performance gates: claims on ratios, and comparisons with last time (extra: perf)
``sharpbits.timetravel``  stacks of a date, bisection over releases, findings by releases
``sharpbits.gpu``         the GPUs of this machine, and one for each xdist worker
``sharpbits.report``      the reports of a run: terminal, JSON, JUnit XML, HTML
``sharpbits.plugin``      the pytest plugin that collects findings
``sharpbits.cli``         the command line
``sharpbits.errors``      the one shape of an error
========================  ==============================================================================

What a package's own docstring or ``__all__`` names is public. Importing this one imports none of them but ``errors``.
"""

from sharpbits.errors import SharpbitsError, UsageError

__all__ = ["SharpbitsError", "UsageError", "__version__"]


def __getattr__(name: str) -> str:
    # Reading the metadata costs more than all else that is imported here.
    if name == "__version__":
        from importlib.metadata import version

        return version("sharpbits")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
