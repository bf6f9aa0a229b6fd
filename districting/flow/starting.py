"""How a case begins: layer files, or a place of OpenStreetMap, become a case file that people edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from districting.case import Case
from districting.errors import CaseError, Fault
from districting.language import Language
from districting.policies.reading import read_policy
from districting.records.store import is_records
from districting.territory.inspection import guess_case
from districting.territory.osm import download_place

#: Endings of files that may hold a layer; what stands beside them in a folder is passed over.
LAYER_ENDINGS = (
    ".gpkg",
    ".shp",
    ".geojson",
    ".json",
    ".kml",
    ".gdb",
    ".parquet",
    ".csv",
    ".xlsx",
    ".osm",
    ".pbf",
    ".fgb",
)


def start_case(
    files: Sequence[Path],
    target: Path,
    *,
    place: str | None = None,
    policy: str = "national-2026",
    crs: str | None = None,
    force: bool = False,
    language: Language = "zh",
) -> tuple[Case, tuple[Fault, ...], tuple[tuple[str, ...], ...]]:
    """Look into the files, guess roles, columns and CRS, and write the case file.

    Parameters
    ----------
    files
        Layer files, or folders of them.
    target
        The case file; layer paths in it are relative to its folder where that is possible.
    place
        Downloaded from OpenStreetMap into ``osm/`` beside the case first.
    policy, crs, language
        Of the case; ``crs`` None: what the buildings are in, or one that fits the place.
    force
        Replace an existing file.

    Returns
    -------
    tuple
        The case as written, what a person should look at, and the columns of each layer that are left aside.

    Raises
    ------
    CaseError
        If the target exists already, a file or folder does not exist, no layer file is found, or no metric CRS can
        be told.
    PolicyError
        If the policy cannot be read.
    """
    if target.exists() and not force:
        raise CaseError([Fault("fault.case_exists", {"file": str(target)})])
    faults = list(_path_faults(files))
    if faults:
        raise CaseError(faults)
    read_policy(policy, folder=target.parent)
    target.parent.mkdir(parents=True, exist_ok=True)
    # A shell's *.gpkg names the records of an earlier case, too: they are no input.
    paths = [path for given in files for path in _layer_files(given) if not is_records(path)]
    if place is not None:
        folder = target.parent / "osm"
        paths += [folder / spec.path for spec in download_place(place, folder)]
    if not paths:
        raise CaseError([Fault("fault.no_files")])
    guessed = guess_case(paths, folder=target.parent)
    metric = crs or guessed.crs
    if metric is None:
        raise CaseError([fault for fault in guessed.remarks if fault.severity == "error"] or [_no_crs(target)])
    case = Case(path=target, policy_name=policy, crs=metric, layers=guessed.layers, language=language)
    case.write()
    return case, guessed.remarks, guessed.aside


def _path_faults(files: Sequence[Path]) -> Iterator[Fault]:
    """Paths that do not exist, and folders without any layer file."""
    for given in files:
        if not given.exists():
            yield Fault("fault.no_such_path", {"path": str(given)})
        elif not _layer_files(given):
            yield Fault("fault.no_layer_in_folder", {"folder": str(given), "endings": " ".join(LAYER_ENDINGS)})


def _layer_files(given: Path) -> list[Path]:
    """The file itself, or the layer files of a folder."""
    if not given.is_dir() or given.suffix == ".gdb":
        return [given]
    found = sorted(path for path in given.iterdir() if path.suffix.lower() in LAYER_ENDINGS)
    return [path for path in found if not is_records(path)]


def _no_crs(target: Path) -> Fault:
    return Fault("fault.case_missing", {"file": target.name, "key": "crs", "mend": "--crs EPSG:4547"})
