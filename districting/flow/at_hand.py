"""What a case has at hand: its rules, layers and territory, today's division, and the problems posed from them.

Read and cut once, kept for every verb of `districting.study.Study`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self, get_args

import pandas as pd

from districting.assessment.diagnosis import Diagnosis, diagnose
from districting.assessment.identities import Identities, identify
from districting.assessment.identity import derive_identity
from districting.case import Case
from districting.errors import CaseError, Fault, PolicyError
from districting.flow.case_tables import as_day
from districting.flow.freeze import dated, freeze_locks
from districting.language import Language
from districting.plans.community_list import read_abolished, with_community_list
from districting.plans.division import Division
from districting.plans.parting import zone_kinds
from districting.plans.posing import LockRequest, Posed, check_locks, pose
from districting.plans.reading import read_plan
from districting.policies.access import ReachRule
from districting.policies.change import WholeUnitRule
from districting.policies.needs import unmet_needs
from districting.policies.policy import Policy
from districting.policies.rule import Measure
from districting.progress import Progress, Step, silent
from districting.records.accepted import read_accepted
from districting.rerun.basis import basis_of
from districting.solvers.params import Params
from districting.territory.cutting import cut_atoms
from districting.territory.joining import join_atoms
from districting.territory.layers import Layers
from districting.territory.sources import read_layers
from districting.territory.territory import Territory
from districting.territory.travel import WalkNetwork


class AtHand:
    """A case with what is read from it; every part is made when it is first asked for, and kept.

    Parameters
    ----------
    case
        The planner's file.
    language
        Of every sentence; None: the case's own.
    progress
        Told of every stage.
    """

    def __init__(self, case: Case, *, language: Language | None = None, progress: Progress = silent) -> None:
        self.case = dated(case)
        self.language: Language = language or case.language
        self.progress = progress

    @classmethod
    def open(cls, path: Path | str, *, language: Language | None = None, progress: Progress = silent) -> Self:
        """A study of the case file at ``path``.

        Raises
        ------
        CaseError
            Listing everything that is wrong with the file.
        """
        return cls(Case.read(path), language=language, progress=progress)

    @cached_property
    def policy(self) -> Policy:
        """The rules, with the case's overrides."""
        return self.case.policy()

    @cached_property
    def layers(self) -> Layers:
        """The inputs, read and cleaned.

        Raises
        ------
        LayerError
            Listing every fault of every layer.
        """
        layers = read_layers(
            self.case.layers,
            crs=self.case.crs,
            folder=self.case.folder,
            horizon=self.case.solve.horizon,
            lists=self.case.lists,
            accepted=lambda path: read_accepted(self.case, path),
            progress=self.progress,
        )
        return dataclasses.replace(layers, generated=layers.generated or self.case.generated)

    @cached_property
    def territory(self) -> Territory:
        """The ground: layers, atoms and who touches whom.

        Raises
        ------
        LayerError, PolicyError
            If the layers cannot be used, or do not tell what the policy counts.
        """
        if unmet := self._unmet_needs():
            raise PolicyError(unmet)
        zones = zone_kinds(self.policy, forbidden=True)
        atoms = cut_atoms(self.layers, cap=self.atom_cap, zones=zones, progress=self.progress)
        return Territory(self.layers, atoms, join_atoms(self.layers, atoms, progress=self.progress))

    @property
    def atom_cap(self) -> int:
        """Households that an atom may hold."""
        wanted = round(self.policy.published_max * self._households_per_unit) // 3
        return self.case.solve.atom_cap or max(1, wanted)

    @property
    def _households_per_unit(self) -> float:
        """Households for each unit that the size rule counts: the atom cap is in households."""
        homes, measure = self.layers.buildings, self.policy.size.measure
        known = homes[measure].notna()
        return float(homes.loc[known, "households"].sum() / max(homes.loc[known, measure].sum(), 1))

    def _unmet_needs(self) -> list[Fault]:
        """What the policy counts and no home tells."""
        homes = self.layers.buildings[self.layers.buildings["households"] > 0]
        told = [column for column in get_args(Measure) if homes[column].notna().any()]
        return unmet_needs(self.policy, columns=told, zones=set(self.layers.zones.get("kind", ())))

    @cached_property
    def today(self) -> Division:
        """The division as it stands."""
        return Division.today(self.territory)

    def subdistrict_ids(self, names: Sequence[str]) -> list[str]:
        """Ids of the sub-districts named; all of them for no name.

        Raises
        ------
        CaseError
            If a name is unknown; says which there are.
        """
        table = self.layers.subdistricts
        if not names:
            return sorted(table.index)
        by_name = {str(name): str(key) for key, name in table["name"].items()}
        by_name |= {str(key): str(key) for key in table.index}
        unknown = [name for name in names if name not in by_name]
        if unknown:
            values = {"names": ", ".join(unknown), "known": ", ".join(sorted(map(str, table["name"])))}
            raise CaseError([Fault("fault.subdistrict_unknown", values)])
        return sorted({by_name[name] for name in names})

    def _pose(self, ids: Sequence[str]) -> dict[str, Posed]:
        """The problem of every sub-district."""
        settings = self.case.pose_settings
        numbers: Mapping[str, tuple[int, int]] = settings.number
        if "" in numbers:
            if len(ids) != 1:
                raise CaseError([Fault("fault.number_for_one", {"count": len(ids)})])
            numbers = {ids[0]: numbers[""]}
        else:
            numbers = {self.subdistrict_ids([name])[0]: number for name, number in numbers.items()}
        locks = settings.locks + freeze_locks(self.case, self.layers)
        settings = dataclasses.replace(settings, number=numbers, locks=locks)
        check_locks(self.territory, settings.locks)
        posed = {}
        for done, name in enumerate(ids):
            self.progress(Step("stage.pose", done, len(ids), name))
            posed[name] = pose(self.territory, self.policy, name, settings, network=self._network)
        return posed

    def read_plan(self, path: Path | str) -> Division:
        """A plan file as a division; who succeeds whom is derived where the file does not say."""
        drawn = with_community_list(read_plan(Path(path), self.territory), Path(path))
        if drawn.outlines["origin"].isna().all():
            drawn = derive_identity(self.today, drawn, self.territory)
        return drawn

    def _identified(self, division: Division) -> tuple[Division, Identities]:
        """The division with names for its new communities, and who everyone is; today stays the same object."""
        known, told = identify(division, self.today, self.territory, language=self.language, retired=self.retired)
        return (division if division is self.today else known), told

    @cached_property
    def basis(self) -> dict[str, Any]:
        """What a run stands on, for ``run.json``: content of the layers, rules, settings, locks."""
        return basis_of(self.layers, self.policy, self.case)

    @cached_property
    def retired(self) -> pd.DataFrame | None:
        """Communities that were abolished before, where the case lists them."""
        listed = self.case.abolished_codes
        return None if listed is None else read_abolished(self.case.folder / listed)

    @property
    def _params(self) -> Params:
        """How the case is solved; a policy that must have whole units lets nobody join a part of a neighbour."""
        params = self.case.solve.params
        whole = any(rule.strength == "must" for rule in self.policy.of_kind(WholeUnitRule))
        return dataclasses.replace(params, whole_may_join=params.whole_may_join and not whole)

    @cached_property
    def _diagnosis(self) -> Diagnosis:
        """The diagnosis of all sub-districts."""
        return diagnose(self.territory, self.policy, today=self.today, network=self._network)

    @cached_property
    def _network(self) -> WalkNetwork | None:
        """The walking network, where the policy's reach is walked."""
        if any(rule.path == "walk" for rule in self.policy.of_kind(ReachRule)):
            return WalkNetwork.from_roads(self.layers.roads)
        return None

    @property
    def _names(self) -> dict[str, str]:
        """Names of the sub-districts by id."""
        return {str(key): str(name) for key, name in self.layers.subdistricts["name"].items()}

    def with_settings(self, changes: Mapping[str, Any]) -> Self:
        """The same study with other settings of ``[solve]``; the ground is read again only for a new horizon.

        Raises
        ------
        CaseError
            If a setting or a mode is unknown.
        """
        faults = [
            Fault("fault.setting", {"key": key, "value": value, "known": "≥ 0"})
            for key, value in changes.items()
            if isinstance(value, (int, float)) and value < 0
        ]
        if "date" in changes and as_day(changes["date"]) is None:
            faults.append(Fault("fault.setting", {"key": "date", "value": changes["date"], "known": "2026-12-31"}))
        if faults:
            raise CaseError(faults)
        case = dataclasses.replace(self.case, solve=dataclasses.replace(self.case.solve, **changes))
        case.approaches()  # find out now whether all of them can be read
        return self._of_case(case)

    def with_locks(self, locks: Sequence[LockRequest], *, progress: Progress) -> Self:
        """The same study with other locks and another listener; the ground is kept."""
        other = self._of_case(dataclasses.replace(self.case, locks=tuple(locks)))
        other.progress = progress
        return other

    def on_ground(
        self, today: Division, territory: Territory, *, case: Case, retired: pd.DataFrame | None
    ) -> Self:
        """The study of the same inputs on ground whose communities of today are others.

        Parameters
        ----------
        today
            The division as it stands there.
        territory
            The ground; its layers stand in for those that were read. The basis stays that of the inputs.
        case
            Its settings hold.
        retired
            Communities abolished before.
        """
        other = type(self)(case, language=self.language, progress=self.progress)
        kept = {"policy": self.policy, "basis": self.basis, "_network": self._network}
        other.__dict__.update(kept, layers=territory.layers, territory=territory, today=today, retired=retired)
        return other

    def _of_case(self, case: Case) -> Self:
        """The study of another case on the same layers; the ground is kept where nothing of it changed."""
        other = type(self)(case, language=self.language, progress=self.progress)
        if case.solve.horizon == self.case.solve.horizon and case.solve.atom_cap == self.case.solve.atom_cap:
            kept = ["policy", "layers", "territory", "today", "_network", "_diagnosis"]
            if (case.folder, case.abolished_codes) == (self.case.folder, self.case.abolished_codes):
                kept.append("retired")
            other.__dict__.update({name: self.__dict__[name] for name in kept if name in self.__dict__})
        return other
