"""The planner's file: `Case`, read from and written to ``case.toml``. Unknown keys are errors."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from districting.engine import read_engine
from districting.errors import CaseError, Fault, InputError, PolicyError
from districting.flow.case_tables import Freeze, RerunSettings, as_day, read_freeze, read_lists, read_rerun
from districting.flow.case_text import to_toml
from districting.flow.horizon import with_horizon
from districting.flow.solve_settings import SolveSettings
from districting.language import Language
from districting.nearest import alike
from districting.plans.posing import LockRequest, PoseSettings
from districting.plans.problem import LockKind
from districting.policies.policy import Policy
from districting.policies.reading import DEFAULT_PRESET, read_policy, text_fault, toml_fault
from districting.solvers.approach import Approach, read_approaches
from districting.territory.list_cells import ListSpec
from districting.territory.specs import ROLES, Estimate, LayerSpec, Role

__all__ = ["Case", "SolveSettings", "numbers_by_subdistrict"]

_Found = TypeVar("_Found")

_TOP = {"policy", "crs", "language", "generated", "abolished_codes"}
_TOP |= {"lists", "layers", "solve", "grids", "locks", "overrides", "rerun", "freeze"}


@dataclass(frozen=True)
class Case:
    """Everything that a planner decides, in one file.

    Parameters
    ----------
    path
        The case file; every path in it is relative to its folder.
    policy_name
        Preset id, or path of a policy file.
    crs
        The metric CRS of the whole case, e.g. ``"EPSG:4547"``.
    language
        Of every sentence that leaves the program.
    layers
        What to read, in the order of the file.
    solve, locks
        Settings of ``propose``.
    overrides
        Key of a figure of the policy → (value, reason).
    generated
        True if the data were generated; every page says so.
    abolished_codes
        CSV of communities abolished before (``code``, and perhaps ``name``), relative to the case: their codes and
        names are never given again. The ``abolished.csv`` of an earlier plan is one.
    grid_policy
        ``[grids] policy``: whose grid rule holds, a preset id or the path of a policy file; None: the case's own
        policy's, else `districting.flow.gridding.DEFAULT_POLICY`.
    lists
        Households by building as sub-districts sent them: they update the layer of buildings.
    rerun
        Whom ``districting rerun`` tells.
    freeze
        Communities that stay as they are until a date; None: nobody.
    """

    path: Path
    policy_name: str
    crs: str
    layers: tuple[LayerSpec, ...]
    language: Language = "zh"
    solve: SolveSettings = field(default_factory=SolveSettings)
    locks: tuple[LockRequest, ...] = ()
    overrides: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    generated: bool = False
    abolished_codes: str | None = None
    grid_policy: str | None = None
    rerun: RerunSettings = field(default_factory=RerunSettings)
    freeze: Freeze | None = None

    lists: tuple[ListSpec, ...] = ()

    @property
    def folder(self) -> Path:
        """Where relative paths start."""
        return self.path.parent

    @property
    def pose_settings(self) -> PoseSettings:
        """What `pose` reads."""
        return PoseSettings(
            headroom=self.solve.headroom,
            number=self.solve.communities,
            locks=self.locks,
            horizon=self.solve.horizon is not None,
        )

    def approaches(self, modes: Sequence[str] = ()) -> tuple[Approach, ...]:
        """The alternatives of the case, or those named: each a mode with its profile.

        Raises
        ------
        CaseError
            If a mode or a profile is unknown, or a profile's file is wrong; lists every fault.
        """
        return read_approaches(tuple(modes) or self.solve.modes, profile=self.solve.profile, folder=self.folder)

    def policy(self) -> Policy:
        """The policy with the case's overrides, and with the case's horizon as a rule.

        Raises
        ------
        PolicyError
            Listing everything that is wrong with the policy file and the overrides.
        """
        policy = read_policy(self.policy_name, folder=self.folder)
        faults: list[Fault] = []
        by_reason: dict[str, dict[str, Any]] = {}
        for key, (value, because) in self.overrides.items():
            by_reason.setdefault(because, {})[key] = value
        for because, values in by_reason.items():
            try:
                policy = policy.override(values, because=because)
            except PolicyError as error:
                faults += error.faults
        if faults:
            raise PolicyError(faults)
        return with_horizon(policy, self.solve.horizon)

    @classmethod
    def read(cls, path: Path | str) -> Case:
        """A case from its file.

        Raises
        ------
        CaseError
            Listing everything that is wrong with the file.
        """
        path = Path(path)
        if not path.is_file():
            raise CaseError([_no_case(path)])
        try:
            return cls.parse(path.read_text(encoding="utf-8-sig"), path)
        except (OSError, UnicodeDecodeError) as error:
            raise CaseError([text_fault(path, error, file=str(path))]) from error

    @classmethod
    def parse(cls, text: str, path: Path) -> Case:
        """A case from the text of its file; ``path`` says where relative paths start.

        Raises
        ------
        CaseError
            Listing everything that is wrong with the text.
        """
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise CaseError([toml_fault(text, error, file=str(path))]) from error
        return _Reader(path, document).case()

    def write(self) -> None:
        """Write the case to its path, replacing the file in one step."""
        draft = self.path.with_name(self.path.name + ".part")
        draft.write_text(to_toml(self), encoding="utf-8")
        draft.replace(self.path)


def _no_case(path: Path) -> Fault:
    """A path that leads to no case file, with the case files that are near."""
    folder = path if path.is_dir() else path.parent
    near = alike(path.name, (one.name for one in folder.glob("*.toml"))) if folder.is_dir() else []
    key = "fault.case_is_folder" if path.is_dir() else "fault.no_case_file"
    return Fault(key, {"file": str(path), "known": ", ".join(near[:8]) or "–"})


class _Reader:
    """Turns one parsed document into a case and gathers every fault on the way."""

    def __init__(self, path: Path, document: Mapping[str, Any]) -> None:
        self.path = path
        self.document = document
        self.faults: list[Fault] = []

    def case(self) -> Case:
        """The case; raises CaseError with all faults."""
        document = self.document
        self.known("", document, _TOP)
        crs = document.get("crs")
        if not isinstance(crs, str):
            self.fault("fault.case_missing", key="crs", mend='crs = "EPSG:4547"')
        language = document.get("language", "zh")
        if language not in get_args(Language):
            self.fault("fault.case_value", key="language", value=language, known="zh, en")
        case = Case(
            path=self.path,
            policy_name=str(document.get("policy", DEFAULT_PRESET)),
            crs=str(crs),
            layers=self.layers(document.get("layers", {})),
            language=language,
            solve=self.solve(document.get("solve", {})),
            locks=tuple(self.lock(entry) for entry in document.get("locks", [])),
            overrides=self.overrides(document.get("overrides", {})),
            generated=bool(document.get("generated", False)),
            abolished_codes=self.text("abolished_codes"),
            grid_policy=self.grid_policy(document.get("grids", {})),
            lists=self.table(read_lists(document.get("lists", []))),
            rerun=self.table(read_rerun(document.get("rerun", {}))),
            freeze=self.table(read_freeze(document.get("freeze"))),
        )
        if self.faults:
            raise CaseError(self.faults)
        return case

    def text(self, key: str) -> str | None:
        """A text of the first level, None where there is none."""
        value = self.document.get(key)
        if value is not None and not isinstance(value, str):
            self.fault("fault.case_value", key=key, value=value, known='"abolished.csv"')
        return value if isinstance(value, str) else None

    def table(self, found: tuple[_Found, list[Fault]]) -> _Found:
        """What a reader of `districting.flow.case_tables` found; its faults with the file's name."""
        self.faults += [Fault(one.key, {"file": self.path.name, **one.values}) for one in found[1]]
        return found[0]

    def grid_policy(self, table: object) -> str | None:
        """``[grids]``: its one entry."""
        values = self.known("grids.", table, {"policy"}) if isinstance(table, Mapping) else {"policy": table}
        policy = values.get("policy")
        if policy is not None and (not isinstance(policy, str) or not isinstance(table, Mapping)):
            self.fault("fault.case_value", key="grids.policy", value=policy, known='"wuxue-2013-grid"')
        return policy if isinstance(policy, str) else None

    def fault(self, sentence: str, /, **values: object) -> None:
        """Remember what is wrong."""
        self.faults.append(Fault(sentence, {"file": self.path.name, **values}))

    def known(self, where: str, table: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
        """The known entries of a table; the others are faults."""
        for key in sorted(set(table) - keys):
            self.fault("fault.case_unknown_key", key=f"{where}{key}", known=", ".join(sorted(keys)))
        return {key: value for key, value in table.items() if key in keys}

    def layers(self, table: Mapping[str, Any]) -> tuple[LayerSpec, ...]:
        """Every layer of every role."""
        specs = []
        for role, entries in self.known("layers.", table, set(ROLES)).items():
            for entry in entries if isinstance(entries, list) else [entries]:
                keys = {f.name for f in dataclasses.fields(LayerSpec)} - {"role"}
                values = self.known(f"layers.{role}.", entry, keys)
                if "path" not in values:
                    self.fault("fault.case_missing", key=f"layers.{role}.path", mend=f'path = "{role}.gpkg"')
                    continue
                if "estimate" in values:
                    figures = {f.name for f in dataclasses.fields(Estimate)}
                    values["estimate"] = Estimate(
                        **self.known(f"layers.{role}.estimate.", values["estimate"], figures)
                    )
                specs.append(LayerSpec(role=cast(Role, role), **values))
        if not any(spec.role == "buildings" for spec in specs):
            self.fault("fault.case_missing", key="layers.buildings", mend='[layers.buildings] path = "…"')
        return tuple(specs)

    def solve(self, table: Mapping[str, Any]) -> SolveSettings:
        """``[solve]``."""
        values = self.known("solve.", table, {f.name for f in dataclasses.fields(SolveSettings)})
        values["modes"] = self.modes(values.get("modes", list(SolveSettings.modes)), values.get("profile"))
        values["communities"] = numbers_by_subdistrict(values.get("communities", {}))
        for name, kinds in (
            ("alternatives", (int,)),
            ("differ_share", (int, float)),
            ("within_share", (int, float)),
            ("time_limit_s", (int, float)),
            ("gap_households", (int, float)),
            ("gap_share", (int, float)),
            ("headroom", (int, float)),
            ("atom_cap", (int,)),
            ("seed", (int,)),
            ("horizon", (int,)),
            ("workers", (int,)),
        ):
            if name in values and (not isinstance(values[name], kinds) or values[name] < 0):
                self.fault("fault.case_value", key=f"solve.{name}", value=values[name], known="≥ 0")
        if "date" in values:
            given, values["date"] = values["date"], as_day(values["date"])
            if values["date"] is None:
                self.fault("fault.case_value", key="solve.date", value=given, known='"2026-12-31"')
        try:
            read_engine(str(values.get("engine", SolveSettings.engine)))
        except InputError as error:
            self.faults += error.faults
        return SolveSettings(**values)

    def modes(self, entries: object, profile: object) -> tuple[str, ...]:
        """``modes``, every one with a profile that can be read."""
        texts = tuple(map(str, entries)) if isinstance(entries, list) else ()
        if not texts:
            self.fault("fault.case_value", key="solve.modes", value=entries, known='["adjust", "redraw/balanced"]')
        try:
            read_approaches(texts, profile=None if profile is None else str(profile), folder=self.path.parent)
        except CaseError as error:
            for fault in error.faults:
                if "file" in fault.values or "plan" in fault.values:
                    self.faults.append(fault)  # of the profile's own file, or a plan named twice
                else:
                    self.fault("fault.case_value", **{"known": "", **fault.values, "key": "solve.modes"})
        return texts

    def lock(self, entry: Mapping[str, Any]) -> LockRequest:
        """One of ``[[locks]]``."""
        keys = {f.name for f in dataclasses.fields(LockRequest)}
        values = self.known("locks.", entry, keys)
        kind = values.pop("kind", None)
        if kind not in get_args(LockKind):
            self.fault("fault.case_value", key="locks.kind", value=kind, known=", ".join(get_args(LockKind)))
        right = {}
        for key, value in values.items():
            wanted = (int, float) if key == "place" else str
            known = "[x, y]" if key == "place" else '["…"]'
            fits = isinstance(value, list) and all(isinstance(one, wanted) for one in value)
            if fits and (key != "place" or len(value) == 2):
                right[key] = tuple(value)
            else:
                self.fault("fault.case_value", key=f"locks.{key}", value=value, known=known)
        if not any(values.values()):
            names = ", ".join(sorted(keys - {"kind"}))
            self.fault("fault.case_missing", key=f"locks.{kind}", mend=f'communities = ["…"] ({names})')
        return LockRequest(kind, **right)

    def overrides(self, table: Mapping[str, Any]) -> dict[str, tuple[Any, str]]:
        """``[overrides]``: each with its reason."""
        found = {}
        for key, entry in table.items():
            if not isinstance(entry, Mapping) or set(entry) != {"value", "because"}:
                mend = f'"{key}" = {{ value = …, because = "…" }}'
                self.fault("fault.case_missing", key=f"overrides.{key}.because", mend=mend)
                continue
            found[key] = (entry["value"], str(entry["because"]))
        return found


def numbers_by_subdistrict(value: int | Mapping[str, int | Sequence[int]]) -> dict[str, tuple[int, int]]:
    """(fewest, most) by sub-district; a bare int stands under ``""``, for a case of one sub-district."""
    table = value if isinstance(value, Mapping) else {"": value}
    return {
        name: (number, number) if isinstance(number, int) else (int(number[0]), int(number[-1]))
        for name, number in table.items()
    }
