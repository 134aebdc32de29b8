"""Describe the interpreter this runs in, as one JSON line. Standard library only: it runs in any environment."""

import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import site
import stat
import sys
import sysconfig
import urllib.parse

# What steers the packages under test. Matched by prefix.
_VARIABLES = (
    "CATALYST", "CUDA", "JAX", "KMP", "LIGHTNING", "MKL", "NVIDIA_VISIBLE", "OMP", "OPENBLAS", "PENNYLANE", "PL_",
    "TORCH", "TRITON", "XLA",
)  # fmt: skip


def _cpu() -> str:
    try:
        with pathlib.Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        return platform.processor() or platform.machine()
    return platform.processor() or platform.machine()


def _features() -> list[str]:
    try:
        with pathlib.Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            for line in lines:
                name, _, value = line.partition(":")
                # "flags" on x86, "Features" on ARM.
                if name.strip().lower() in ("flags", "features"):
                    return sorted(set(value.split()))
    except OSError:
        return []  # not Linux: no row can name a feature there
    return []


def _name_of(distribution: importlib.metadata.Distribution) -> str:
    try:
        return re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "").lower()
    except (UnicodeDecodeError, TypeError):  # damaged, or empty: what an installation that died leaves
        return ""


def _packages() -> dict[str, str]:
    found: dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        name = _name_of(distribution)
        if name:
            # The first hit on sys.path is the one that gets imported.
            found.setdefault(name, str(distribution.version or "unknown"))
    return found


# As many files are looked at in one place at most, at some 10 microseconds each; what holds more is not told apart.
_FILES = 30_000


def _digest_of_tree(folder: str) -> "str | None":
    """Digest the names, sizes and times of all files below a folder; None: too many. Hidden folders do not count."""
    digest, left = hashlib.sha256(), _FILES
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        for name in sorted(files):
            left -= 1
            if left < 0:
                return None
            path = pathlib.Path(place, name)
            try:
                status = path.stat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                told = f"{os.path.relpath(path, folder)}\0{status.st_size}\0{status.st_mtime_ns}\n"
                digest.update(os.fsencode(told))
    return digest.hexdigest()


def _digest_of_record(distribution: importlib.metadata.Distribution) -> str:
    """Digest what was installed of a distribution, by the digests of its own list of files."""
    lines = (distribution.read_text("RECORD") or "").splitlines()
    # Scripts and what describes the installation differ from one folder to the next.
    told = sorted(line for line in lines if "sha256=" in line and ".dist-info/" not in line and line[:2] != "..")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _sources() -> "dict[str, str | None]":
    """Digest whatever may change without a change of version: local installations, and folders on the path."""
    found: dict[str, str | None] = {}
    for distribution in importlib.metadata.distributions():
        name = _name_of(distribution)
        origin = distribution.read_text("direct_url.json") if name else None
        if origin is None or name == "sharpbits" or name in found:
            continue
        try:
            told = json.loads(origin)
            place = urllib.parse.urlsplit(told["url"])
            editable = bool(told.get("dir_info", {}).get("editable"))
        except (ValueError, KeyError, TypeError, AttributeError):
            found[name] = None
            continue
        found[name] = _digest_of_record(distribution)
        if editable:
            tree = _digest_of_tree(urllib.parse.unquote(place.path))
            found[name] = None if tree is None else hashlib.sha256((str(found[name]) + tree).encode()).hexdigest()
    stdlib = pathlib.Path(sysconfig.get_path("stdlib"))
    known = [str(stdlib), str(stdlib / "lib-dynload")]
    known += [str(sysconfig.get_path(name)) for name in ("platstdlib", "purelib", "platlib")]
    known += [*site.getsitepackages(), site.getusersitepackages()]
    # Of these the versions tell all; what a checkout of sharpbits has on the path is imported by no finding.
    installed = {os.path.realpath(place) for place in known}
    for number, entry in enumerate(sys.path):
        folder = pathlib.Path(os.path.realpath(entry))
        if not entry or str(folder) in installed or folder.name in ("site-packages", "dist-packages"):
            continue
        if folder.is_dir() and not (folder / "sharpbits" / "__init__.py").is_file():
            found[f"path {number}: {entry}"] = _digest_of_tree(str(folder))
    return found


print(
    json.dumps(
        {
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
            "platform": platform.platform(),
            "machine": platform.machine(),
            "cpu": _cpu(),
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "packages": _packages(),
            "sources": _sources(),
            "system": platform.system(),
            "features": _features(),
            "variables": {name: value for name, value in os.environ.items() if name.startswith(_VARIABLES)},
        }
    )
)
