"""The catalogue: what a finding is, how one is run in isolation, and how it is judged.

=====================  ==================================================================================
``schema``             the keys of a finding's metadata
``metadata``           reading them from the file (PEP 723)
``finding``            one file, checked; ``imports``: the packages that it imports first of all
``discovery``          all files of a folder; ``selection`` narrows them down (``-k``)
``environment``        versions, processor, GPUs: where a finding runs; ``applicability``: can it run there
``process``            one program in its own session, under limits; ``forking``: from one that has its packages
``keeping``            a keeper beside every program: nothing outlives it; ``descendants``: all that it started
``observation``        from the end of a process to an outcome; ``outcome``: all there are
``judgement``          from outcomes to a verdict, by the documented expectation rows
``runner``             the steps above for one finding or many side by side; ``cache`` keeps results
``staleness``          rows that name releases or implementations that do not exist; ``releases`` lists them
=====================  ==================================================================================

>>> from sharpbits.catalogue import default_folder, describe_environment, discover, run_finding
>>> environment = describe_environment()
>>> for finding in discover([default_folder()]).findings[:1]:
...     print(run_finding(finding, environment).verdict)  # doctest: +SKIP
bites
"""

from sharpbits.catalogue.cache import ResultCache
from sharpbits.catalogue.discovery import Catalogue, default_folder, discover, select
from sharpbits.catalogue.environment import Environment, describe_environment
from sharpbits.catalogue.finding import Finding, load_finding
from sharpbits.catalogue.forking import Parents
from sharpbits.catalogue.judgement import Judgement, Since, judge, since
from sharpbits.catalogue.metadata import FindingFileError
from sharpbits.catalogue.observation import Observation
from sharpbits.catalogue.outcome import Outcome, Severity, Verdict
from sharpbits.catalogue.runner import Result, run_all, run_finding, side_by_side

__all__ = [
    "Catalogue",
    "Environment",
    "Finding",
    "FindingFileError",
    "Judgement",
    "Observation",
    "Outcome",
    "Parents",
    "Result",
    "ResultCache",
    "Severity",
    "Since",
    "Verdict",
    "default_folder",
    "describe_environment",
    "discover",
    "judge",
    "load_finding",
    "run_all",
    "run_finding",
    "select",
    "side_by_side",
    "since",
]
