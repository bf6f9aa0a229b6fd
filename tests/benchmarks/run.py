"""The benchmark table: one command measures and writes ``docs/benchmarks.md``.

Sections may be measured one by one; the others keep what was measured before, with its date. Times are wall times
of single runs on the machine that the page names: compare rows, not machines.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import highspy
import pulp
import shapely

from districting.case import Case, SolveSettings
from districting.territory.sample import write_sample
from tests.benchmarks.bare_problems import families, family_rows, peer_rows
from tests.benchmarks.main_job import measure, place_rows
from tests.benchmarks.one_piece import one_piece_rows
from tests.benchmarks.rerun import city_rerun_rows, one_building_rows
from tests.benchmarks.scale import city_rows, region_rows
from tests.places import beilin, cambridge

#: Orders of aims besides each mode's own.
PROFILES = ("redraw/balanced", "redraw/clean-borders")
#: A narrow window makes long searches.
DONGHAI = SolveSettings(atom_cap=1000, time_limit_s=120.0, modes=("adjust", "redraw"))
DOCS = Path(__file__).resolve().parents[2] / "docs"


def sections(folder: Path) -> dict[str, Callable[[], Iterable[str]]]:
    """What can be measured, in the order of the page."""
    bare = {name: (lambda family=family: family_rows(family)) for name, family in families().items()}
    return {
        "beilin": lambda: place_rows(
            "xian_beilin, reach 1,200 m straight as a must, atom_cap 1,000",
            *measure(beilin(folder), folder / "beilin"),
        ),
        "borders": lambda: place_rows(
            "xian_beilin, other profiles",
            *measure(
                beilin(_made(folder / "borders"), solve=SolveSettings(atom_cap=1000, modes=PROFILES)),
                folder / "borders-out",
            ),
        ),
        "donghai": lambda: place_rows(
            "xian_beilin with Donghai's window: 2,000–3,000 households, 2 km",
            *measure(
                beilin(_made(folder / "donghai"), reach_m=2000.0, window=(2000, 3000), solve=DONGHAI),
                folder / "donghai-out",
            ),
        ),
        "town": lambda: place_rows(
            "Sample town (generated)", *measure(Case.read(write_sample(folder / "town")), folder / "town-out")
        ),
        "cambridge": lambda: place_rows("cambridge_ma", *measure(cambridge(folder), folder / "cambridge")),
        "city": lambda: city_rows(folder / "city"),
        "region": lambda: region_rows(folder / "region"),
        "one_piece": one_piece_rows,
        "rerun": lambda: one_building_rows(_made(folder / "rerun")),
        "rerun_city": lambda: city_rerun_rows(folder / "rerun-city"),
        **bare,
        "peers": peer_rows,
    }


def _made(folder: Path) -> Path:
    """A folder that exists."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def machine() -> str:
    """Where the figures come from."""
    return (
        f"{len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, HiGHS {highspy.Highs().version()}, PuLP "
        f"{pulp.__version__}, GEOS {shapely.geos_version_string}"
    )


def page(measured: dict[str, dict[str, str]], order: Iterable[str]) -> str:
    """The page of everything that has been measured."""
    missing = [name for name in order if name not in measured]
    lines = [
        "# Benchmarks",
        "",
        "Written by `scripts/bench`. Single runs, wall times. Households of generated places and of xian_beilin are not findings about a "
        "real place.",
        "",
    ]
    if missing:
        lines += [f"Not measured yet: {', '.join(missing)}.", ""]
    for name in order:
        if name in measured:
            one = measured[name]
            lines += [one["text"].rstrip(), "", f"*{one['date']}; {one['machine']}.*", ""]
    return "\n".join(lines)


def main() -> None:
    """Measure what was asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    with tempfile.TemporaryDirectory() as name:
        every = sections(Path(name))
        parser.add_argument("sections", nargs="*", help=f"{', '.join(every)}; all of them for none")
        parser.add_argument("--out", type=Path, default=DOCS, help="folder of benchmarks.md and benchmarks.json")
        asked = parser.parse_args()
        unknown = sorted(set(asked.sections) - set(every))
        if unknown:
            parser.error(f"no section {', '.join(unknown)}; there are {', '.join(every)}")
        for section in asked.sections or every:
            lines: list[str] = []
            for line in every[section]():
                lines.append(line)
                print(line, flush=True)
            # read anew: another run may have measured another section meanwhile
            store = asked.out / "benchmarks.json"
            measured = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
            measured[section] = {
                "date": f"{datetime.now(UTC):%Y-%m-%d}",
                "machine": machine(),
                "text": "\n".join(lines),
            }
            kept = {key: measured[key] for key in every if key in measured}
            store.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            (asked.out / "benchmarks.md").write_text(page(kept, every), encoding="utf-8")


if __name__ == "__main__":
    main()
