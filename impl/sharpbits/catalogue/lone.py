"""Released packages that must be installed by themselves, and what they import.

phasic's metadata requires ``mpfr`` and ``eigen``: it means two C and C++ libraries, but the projects of these names on
the index are others. Whoever installs phasic with its dependencies gets code that nobody chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: By canonical name: what must be there beside it. Nothing here ever installs the dependencies that it names itself.
LONE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"phasic": ("jax", "matplotlib", "numpy", "pandas", "pyyaml", "requests", "scipy", "seaborn", "tqdm")}
)
