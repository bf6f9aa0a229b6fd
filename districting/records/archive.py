"""A plan's folder and its run's record in one zip, the same bytes for the same files, as the records keep it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from districting.errors import Fault
from districting.records.manifest import run_id_of
from districting.records.store import Change, Store, StoreError

#: Every time stamp inside: equal plans give equal bytes. Zip knows no earlier day.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Archive:
    """A packed plan.

    Parameters
    ----------
    sha256
        Of the plan's files, names and contents, and of the run's id; of ``run.json`` nothing else, since times
        stand in it. So it is the same whichever zlib packed them, and plans of two runs never share a record.
    content
        The zip: ``run.json`` and ``plans/<plan_id>/…``, as in an output folder.
    """

    sha256: str
    content: bytes

    @classmethod
    def pack(cls, place: Path, record: Path, *, only: Collection[str] = ()) -> Archive:
        """Pack a plan's folder ``place`` and the ``record`` of its run.

        Parameters
        ----------
        only
            Names of the files in the folder that are packed, those that there are; empty: every file.

        Raises
        ------
        OSError
            If a file cannot be read.
        """
        plan = {
            f"plans/{place.name}/{path.relative_to(place).as_posix()}": path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and (not only or path.name in only)
        }
        files = {"run.json": record.read_bytes(), **plan}
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as box:
            for name, content in files.items():
                box.writestr(zipfile.ZipInfo(name, _TIME), content, zipfile.ZIP_DEFLATED)
        return cls(_known_as(files)[0], packed.getvalue())

    def is_known_as(self, sha256: str) -> bool:
        """Whether the records may have these files under a hash: earlier programs left the run's id out of it."""
        return sha256 in _known_as(self._files())

    def unpack(self, folder: Path) -> Path:
        """Write the files into a folder, made if absent; returns the plan's own, ``plans/<plan_id>``.

        Raises
        ------
        StoreError
            If the files are not those that were packed.
        """
        files = self._files()
        if not self.is_known_as(self.sha256) or any(".." in PurePosixPath(name).parts for name in files):
            raise StoreError([Fault("fault.archive_damaged", {"hash": self.sha256[:12]})])
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        first = PurePosixPath(min(name for name in files if name.startswith("plans/")))
        return folder / first.parts[0] / first.parts[1]

    def _files(self) -> dict[str, bytes]:
        """What is packed, by its path inside."""
        with zipfile.ZipFile(io.BytesIO(self.content)) as box:
            return {name: box.read(name) for name in box.namelist()}


def keep(change: Change, archive: Archive) -> None:
    """Let the records hold an archive; one that they have stays."""
    change.write("INSERT OR IGNORE INTO archives VALUES (?, ?)", (archive.sha256, archive.content))


def archived(store: Store, sha256: str) -> Archive | None:
    """The archive that the records hold under a hash; None if there is none."""
    row = store.row("SELECT content FROM archives WHERE sha256 = ?", (sha256,))
    return None if row is None else Archive(sha256, row["content"])


def _known_as(files: dict[str, bytes]) -> tuple[str, str]:
    """The hash under which a plan with its record is kept, and that of earlier programs."""
    plan = {name: content for name, content in files.items() if name.startswith("plans/")}
    run_id = run_id_of(json.loads(files["run.json"]))
    return content_hash(plan, run_id), content_hash(plan)


def content_hash(files: dict[str, bytes], run_id: str = "") -> str:
    """SHA-256 of names and contents, and of the run's id where one is given.

    Examples
    --------
    >>> content_hash({"a": b"1", "b": b"2"}) == content_hash({"b": b"2", "a": b"1"})
    True
    >>> content_hash({"a": b"1"}, "3b372b920357") == content_hash({"a": b"1"}, "77aa01c4d9e2")
    False
    """
    told = f"{run_id}\n" if run_id else ""
    told += "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return hashlib.sha256(told.encode("utf-8")).hexdigest()
