"""The house stands as docs/architecture.md says: floors, doors, and no drawers."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from districting.cli.app import VERBS

PACKAGE = Path(__file__).resolve().parents[1] / "districting"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

#: Room → floor. A module imports from its own room and from lower floors.
FLOORS = {
    "errors": 0,
    "progress": 0,
    "language": 0,
    "nearest": 0,
    "territory": 1,
    "policies": 1,
    "plans": 2,
    "solvers": 3,
    "assessment": 3,
    "reports": 4,
    "engines": 4,
    "case": 5,
    "engine": 5,
    "flow": 5,
    "records": 5,
    "rerun": 5,
    "study": 5,
    "review": 6,
    "live": 6,
    "screen": 6,
    "cli": 7,
}

#: Floors of single files, which may know each other: what everybody uses, and the flow.
OPEN_FLOORS = {0, 5}

#: Inside the solvers' room: from the nouns up to the choice of a mode; a module imports from its own sub-room and
#: from those before it.
SOLVERS = (
    (
        "result",
        "profile",
        "params",
        "profile_words",
        "variety",
        "wording",
        "relaxations",
        "ground",
        "bound",
        "staging",
    ),
    ("exact.backend", "exact.contiguity"),
    ("exact.relaxation", "exact.separations", "exact.staging"),
    ("annealing",),
    ("columns",),
    ("exact.regions", "exact.parts"),
    ("generation", "lists", "few_large"),
    ("cut_edges", "exact.areas"),
    ("fixed_seats",),
    ("recipe",),
    ("bare", "redraw"),
    ("nearest_fit", "exact.adjust"),
    ("exact.whole",),
    ("conflicts",),
    ("left_alone", "piecewise"),
    ("strategy", "assembly"),
    ("approach",),
)

#: Heavy package → the only places that may import it.
DOORS = {
    "osmnx": {"territory/osm.py"},
    "osmium": {"territory/osm.py"},
    "pulp": {"solvers/exact/"},
    "highspy": {"solvers/exact/"},
    "folium": {"reports/maps.py"},
    "numba": {"solvers/"},
    "typer": {"cli/"},
    "rich": {"live.py", "screen.py"},
    "loky": {"engine.py", "engines/"},
    "dask": {"engines/cluster.py"},
    "distributed": {"engines/cluster.py", "engines/remote.py"},
    "fastapi": {"review/"},
    "starlette": {"review/"},
    "uvicorn": {"review/"},
    "pydantic": {"review/"},
    "sqlalchemy": {"territory/databases.py", "territory/database_layers.py", "reports/database.py"},
    "psycopg": {"territory/databases.py"},
    "rapidfuzz": {"territory/addresses.py"},
    "openpyxl": {"territory/", "plans/", "reports/sheets.py"},
}

DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "core", "base", "types", "constants"}


def room(path: Path) -> str:
    """First part of a module's path inside the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[str]:
    """Every module that a file imports, type-checking imports included."""
    names = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_room_and_lower_floors(path: Path) -> None:
    if path.name == "__init__.py" and path.parent == PACKAGE:
        return
    own = room(path)
    for name in imported(path):
        if not name.startswith("districting."):
            continue
        other = name.split(".")[1]
        mates = FLOORS[own] == FLOORS[other] in OPEN_FLOORS
        assert other == own or mates or FLOORS[other] < FLOORS[own], f"{path.name} imports {name}"


def sub_room(name: str) -> str:
    """Sub-room of a module of the solvers, by its dotted name inside their room."""
    parts = name.split(".")
    return ".".join(parts[: 2 if parts[0] == "exact" else 1])


def test_the_solvers_stand_on_each_other_in_one_order() -> None:
    order = {name: floor for floor, names in enumerate(SOLVERS) for name in names}
    for path in (PACKAGE / "solvers").rglob("*.py"):
        if path.name == "__init__.py":
            continue
        own = sub_room(".".join(path.relative_to(PACKAGE / "solvers").with_suffix("").parts))
        for name in imported(path):
            if not name.startswith("districting.solvers."):
                continue
            other = sub_room(name.removeprefix("districting.solvers."))
            mates = order[own] == order[other] == 0 or own == other
            assert mates or order[other] < order[own], f"{path.name} imports {name}"


@pytest.mark.parametrize("package", sorted(DOORS))
def test_a_heavy_package_has_one_door(package: str) -> None:
    users = {
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if any(name.split(".")[0] == package for name in imported(path))
    }
    assert all(any(user.startswith(door) for door in DOORS[package]) for user in users), users


def test_the_judge_shares_no_code_with_the_solvers() -> None:
    for path in [*(PACKAGE / "plans").glob("*.py"), *(PACKAGE / "assessment").glob("*.py")]:
        assert not any(name.startswith("districting.solvers") for name in imported(path)), path.name
    for path in (PACKAGE / "solvers").rglob("*.py"):
        judges = {"districting.plans.checks", "districting.plans.division", "districting.plans.measures"}
        assert not judges & set(imported(path)), path.name


def test_every_verb_of_the_command_line_is_a_file_of_its_name() -> None:
    for verb in VERBS:
        path = PACKAGE / "cli" / f"{verb}.py"
        functions = [
            node.name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        ]
        assert verb in functions


def test_every_module_says_what_lives_in_it() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path.name


def test_there_is_no_drawer() -> None:
    assert not [path for path in MODULES if path.stem in DRAWERS]
