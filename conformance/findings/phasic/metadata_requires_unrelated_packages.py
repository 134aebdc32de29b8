# /// script
# requires-python = ">=3.11"
# dependencies = []
#
# [tool.sharpbits]
# title = "pip install phasic installs two unrelated packages called mpfr and eigen"
# component = "phasic"
# without_dependencies = ["phasic>=0.28.4"]
# summary = """
# phasic's metadata requires mpfr and eigen. It means the two C and C++ libraries, which are compiled into
# the wheel; the projects of these names on the index have nothing to do with them, and one says of itself
# that it demonstrates dependency confusion. pip install phasic installs whatever their authors put there,
# now or later. Nothing in phasic imports either. So sharpbits, too, installs phasic without dependencies
# only.
# """
# oracle = "what the Python files of the installed package import, read from their syntax trees"
# upstream = ["https://github.com/munch-group/phasic/issues"]
# workaround = "pip install --no-deps phasic, and beside it what it imports"
# alone = true
# expect = [
#   { when = "phasic>=0.28.4", outcome = ["wrong-value"], seen = ["0.28.4", "0.28.6", "0.32.0", "0.32.1"] },
# ]
# ///
"""Install phasic with `pip install --no-deps phasic` only: its metadata requires two unrelated packages."""

import ast
import importlib.metadata
import json
import re

LIBRARIES = ("eigen", "mpfr")


def imported(distribution):
    """Name every module that its Python files import."""
    names = set()
    for file in distribution.files:
        if file.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names


if __name__ == "__main__":
    distribution = importlib.metadata.distribution("phasic")
    required = {re.match(r"[\w.-]+", line)[0].lower() for line in distribution.requires or [] if "extra ==" not in line}
    observed = sorted(required.intersection(LIBRARIES))
    expected = sorted(imported(distribution).intersection(LIBRARIES))
    error, tolerance = len(set(observed) - set(expected)), 0
    print(
        json.dumps(
            {
                "outcome": "ok" if error <= tolerance else "wrong-value",
                "observed": observed,
                "expected": expected,
                "error": error,
                "tolerance": tolerance,
                "detail": "required, and imported, of the names of C and C++ libraries",
            }
        )
    )
