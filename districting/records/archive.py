"""A plan's folder and its run's record in one zip, the same bytes for the same files, as the records keep it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from districting.errors import Fault
from districting.records.store import StoreError

#: Every time stamp inside: equal plans give equal bytes. Zip knows no earlier day.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Archive:
    """A packed plan.

    Parameters
    ----------
    sha256
        Of the plan's files: names and contents, without ``run.json``, in which times stand. So it is the same
        whichever zlib packed them.
    content
        The zip: ``run.json`` and ``plans/<plan_id>/…``, as in an output folder.
    """

    sha256: str
    content: bytes

    @classmethod
    def pack(cls, place: Path, record: Path) -> Archive:
        """Pack a plan's folder ``place`` and the ``record`` of its run.

        Raises
        ------
        OSError
            If a file cannot be read.
        """
        files = {
            f"plans/{place.name}/{path.relative_to(place).as_posix()}": path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        }
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as box:
            for name, content in {"run.json": record.read_bytes(), **files}.items():
                box.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED)
        return cls(content_hash(files), packed.getvalue())

    def unpack(self, folder: Path) -> Path:
        """Write the files into a folder, made if absent; returns the plan's own, ``plans/<plan_id>``.

        Raises
        ------
        StoreError
            If the files are not those that were packed.
        """
        with zipfile.ZipFile(io.BytesIO(self.content)) as box:
            files = {name: box.read(name) for name in box.namelist()}
        plan = {name: content for name, content in files.items() if name.startswith("plans/")}
        if content_hash(plan) != self.sha256 or any(".." in PurePosixPath(name).parts for name in files):
            raise StoreError([Fault("fault.archive_damaged", {"hash": self.sha256[:12]})])
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder / PurePosixPath(min(plan)).parts[0] / PurePosixPath(min(plan)).parts[1]


def content_hash(files: dict[str, bytes]) -> str:
    """SHA-256 of names and contents.

    Examples
    --------
    >>> content_hash({"a": b"1", "b": b"2"}) == content_hash({"b": b"2", "a": b"1"})
    True
    """
    told = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return hashlib.sha256(told.encode("utf-8")).hexdigest()
