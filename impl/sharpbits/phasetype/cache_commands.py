"""What ``sharpbits cache info`` and ``sharpbits cache clear`` do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

from sharpbits.phasetype.cache import TraceCache


def run_info(folder: Path | None, *, as_json: bool = False) -> int:
    """Print where the cache is and what it holds; return the exit status."""
    found = _cache(folder).info()
    if as_json:
        sys.stdout.write(json.dumps(asdict(found) | {"folder": str(found.folder)}, indent=1) + "\n")
        return 0
    lines = [
        f"folder       {found.folder}",
        f"traces       {found.entries:,}",
        f"size         {found.size / 2**20:,.1f} MiB of at most {found.limit / 2**20:,.0f} MiB",
        f"quarantined  {found.quarantined:,}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def run_clear(folder: Path | None) -> int:
    """Remove all that the cache holds, and print how much that was; return the exit status."""
    cache = _cache(folder)
    removed = cache.clear()
    sys.stdout.write(f"removed {removed:,} file{'' if removed == 1 else 's'} from {cache.folder}\n")
    return 0


def _cache(folder: Path | None) -> TraceCache:
    cache = TraceCache.default()
    return cache if folder is None else replace(cache, folder=folder)
