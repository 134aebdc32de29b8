"""A package index on this machine: small pure-Python packages, built here, with the upload times that a test wants.

It speaks the JSON form of the simple index (PEP 691) with upload times (PEP 700), which is all that uv asks for.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO


@dataclass
class LocalIndex:
    """Packages by name; each file with its upload time."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[str, str]] = field(default_factory=dict)
    #: Paths that were asked for.
    asked: list[str] = field(default_factory=list)
    #: Whether it answers; while this is not set, every question hangs.
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def add(self, name: str, version: str, uploaded: str, source: str = "", requires: tuple[str, ...] = ()) -> None:
        """Build a wheel and publish it at a moment (RFC 3339)."""
        filename = f"{name}-{version}-py3-none-any.whl"
        self.files[filename] = wheel(name, version, source, requires)
        self.uploads.setdefault(name, {})[filename] = uploaded

    def project(self, name: str) -> bytes:
        """Return a project's page."""
        files = [
            {
                "filename": filename,
                "url": f"{self.url}/files/{filename}",
                "hashes": {"sha256": hashlib.sha256(self.files[filename]).hexdigest()},
                "upload-time": uploaded,
                "size": len(self.files[filename]),
                # The metadata apart (PEP 658), so that resolving downloads no package.
                "core-metadata": True,
            }
            for filename, uploaded in self.uploads[name].items()
        ]
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "versions": [], "files": files}).encode()


def wheel(name: str, version: str, source: str, requires: tuple[str, ...]) -> bytes:
    """Build a wheel with one module."""
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {one}\n" for one in requires)
    contents = {
        f"{name}.py": f"__version__ = {version!r}\n{source}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in contents) + f"{info}/RECORD,,\n"
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path, text in {**contents, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path, (2025, 1, 1, 0, 0, 0)), text)
    return stream.getvalue()


def metadata(built: bytes) -> bytes:
    """Return the METADATA file of a wheel."""
    with zipfile.ZipFile(BytesIO(built)) as archive:
        return archive.read(next(path for path in archive.namelist() if path.endswith("/METADATA")))


@contextmanager
def serving(index: LocalIndex) -> Iterator[LocalIndex]:
    """Serve an index on the loopback address for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):  # whoever asked may have been stopped meanwhile
                super().handle()

        def do_GET(self) -> None:
            index.asked.append(self.path)
            index.answers.wait(60)
            kind, _, name = self.path.strip("/").partition("/")
            if kind == "simple" and name in index.uploads:
                self._send(index.project(name), "application/vnd.pypi.simple.v1+json")
            elif kind == "files" and name.removesuffix(".metadata") in index.files and name.endswith(".metadata"):
                self._send(metadata(index.files[name.removesuffix(".metadata")]), "text/plain")
            elif kind == "files" and name in index.files:
                self._send(index.files[name], "application/octet-stream")
            else:
                self.send_error(404)

        def _send(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        index.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()
