"""A rerun from beginning to end: what changed, what it asks for, and the least change that answers it."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from districting.case import Case
from districting.flow.run import Alternative, Run
from districting.language import Language
from districting.plans.finding import Finding
from districting.plans.parting import zone_kinds
from districting.progress import Step, Stop, never
from districting.records.quiet import QuietReason
from districting.reports.plain import plain
from districting.rerun.carrying import Carried, carry
from districting.rerun.changes import Changes, find_changes
from districting.rerun.ground import carry_ground
from districting.rerun.notices import Event
from districting.rerun.proposals import SubdistrictProposal, open_gap
from districting.rerun.reference import Reference, find_reference
from districting.rerun.refusing import RefusedList, refused_lists
from districting.rerun.sparing import spared
from districting.rerun.standing import ASKED, Standing, read_standing
from districting.rerun.triggers import Trigger, find_triggers
from districting.territory.layers import Layers

if TYPE_CHECKING:
    from districting.study import Study

#: Nothing to do; a plan that differs from the one in force; something asks for a change and there is no plan.
Outcome = Literal["nothing", "proposals", "no_plan"]


@dataclass(frozen=True, eq=False)
class Rerun:
    """What a rerun ends in.

    Parameters
    ----------
    case
        The case that was run.
    reference
        The plan in force.
    changes
        What differs since it was made.
    carried
        The plan on today's data; None where nothing changed.
    findings
        What the checks find on that.
    triggers
        Those that ask for a change in sub-districts that changes touch; accepted ones are told, too.
    recut
        Sub-districts whose atoms were cut anew.
    run
        The plan in force as today, and the proposal; None where nothing was solved.
    study
        The ground that it stands on; None where nothing changed.
    names
        Names of the sub-districts by id.
    basis
        What it stands on (`districting.rerun.basis`).
    layers
        As they were read today.
    lists
        Those of the case that cannot be read, and what counts instead.
    standing
        By sub-district id: what earlier reruns had proved to have no answer.
    everything
        Whether what was accepted with the reference was searched, too.
    started, seconds
        When it began (ISO 8601), how long it took, s.
    """

    case: Case
    reference: Reference
    changes: Changes
    carried: Carried | None
    findings: tuple[Finding, ...]
    triggers: tuple[Trigger, ...]
    recut: frozenset[str]
    run: Run | None
    study: Study | None
    names: dict[str, str]
    standing: Mapping[str, Standing]
    basis: Mapping[str, Any]
    layers: Layers
    lists: tuple[RefusedList, ...]
    everything: bool
    started: str
    seconds: float

    @property
    def alternative(self) -> Alternative | None:
        """The proposal."""
        return None if self.run is None else self.run.alternatives[0]

    @property
    def affected(self) -> tuple[str, ...]:
        """Ids of the sub-districts that were solved."""
        return () if self.alternative is None else tuple(sorted(self.alternative.answers))

    @property
    def untouched(self) -> frozenset[str]:
        """Ids of the sub-districts that no change touches and that were not solved: they stay letter by letter."""
        return frozenset(self.names) - self.changes.touched - set(self.affected)

    @property
    def proposals(self) -> tuple[SubdistrictProposal, ...]:
        """How the search ended, sub-district by sub-district; also where it found nothing better."""
        if self.alternative is None:
            return ()
        table = self.alternative.judged.proposal.changes
        still = self._unmoved
        found = []
        for row, key in zip(self.alternative.certificates(), self.affected, strict=True):
            mine = table[table["subdistrict_id"] == key]
            found.append(
                SubdistrictProposal(
                    subdistrict_id=key,
                    name=row["name"],
                    status=row["status"],
                    households_moved=0 if key in still else int(mine["moved_out"].sum()),
                    changed=0 if key in still else int((mine["action"] != "keep").sum()),
                    communities_before=row["communities_before"],
                    communities_after=row["communities_after"],
                    lower_bound=row["lower_bound"] if row["objective"] is not None else None,
                )
            )
        return tuple(found)

    @property
    def outcome(self) -> Outcome:
        """Whether there is something to decide."""
        if any(one.resolved and one.changed for one in self.proposals):
            return "proposals"
        fresh = {trigger.finding.subdistrict for trigger in self.triggers if trigger.fresh}
        told = {trigger.finding.subdistrict for trigger in self.triggers if trigger.told}
        unanswered = any(
            one.name in fresh or (not one.resolved and not (one.proved and one.name in told))
            for one in self.proposals
        )
        return "no_plan" if unanswered else "nothing"

    @property
    def event(self) -> Event:
        """What people are told of; a list that goes back is told also where there is nothing to do."""
        if self.outcome != "nothing":
            return self.outcome
        return "lists" if any(not one.told for one in self.lists) else "nothing_to_do"

    @property
    def reason(self) -> QuietReason:
        """Why there is nothing to do, where there is nothing to do."""
        if any(trigger.told for trigger in self.triggers):
            return "standing"
        if self.triggers:
            return "accepted"
        return "no_trigger" if self.changes.inputs else "unchanged"

    @property
    def spared(self) -> tuple[str, ...]:
        """Ids of the sub-districts where something is known to have no answer, and nothing differs since."""
        told = {trigger.finding.subdistrict for trigger in self.triggers if trigger.told}
        return tuple(sorted(key for key, name in self.names.items() if name in told and key not in self.affected))

    def unanswered(self) -> dict[str, list[dict[str, Any]]]:
        """By id of each sub-district that was searched: what is proved to have no answer there.

        Empty where the search found a change, or was stopped before its end.
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for one in self.proposals:
            asked = [
                trigger.finding
                for trigger in self.triggers
                if trigger.finding.subdistrict == one.name and not trigger.accepted
            ]
            found[one.subdistrict_id] = (
                [plain({name: getattr(finding, name) for name in ASKED}) for finding in asked]
                if one.proved and not one.changed
                else []
            )
        return found

    @property
    def _unmoved(self) -> frozenset[str]:
        """Ids of the solved sub-districts where every atom stays in its community, and nobody joins one.

        Households whose atom is of another community than theirs are no change that anybody asked for.
        """
        if self.run is None or self.study is None:
            return frozenset()
        before, after = self.run.today, self.run.alternatives[0].judged.division
        if before.atoms is None or after.atoms is None:
            return frozenset()
        atoms = self.study.territory.atoms.table
        land = atoms.index[~atoms["water"]]
        moved = atoms["subdistrict_id"][land][before.atoms[land].fillna("") != after.atoms[land].fillna("")]
        joined = before.buildings.isna() & after.buildings.reindex(before.buildings.index).notna()
        where = self.study.layers.buildings["subdistrict_id"][joined[joined].index]
        return frozenset(self.affected) - {*moved} - {*where}

    def to_json(self, language: Language) -> dict[str, Any]:
        """Plain data, as in ``rerun.json`` (docs/run-record.md)."""
        carried = {} if self.carried is None else self.carried.counts
        return {
            "schema": 1,
            "outcome": self.outcome,
            "started": self.started,
            "seconds": round(self.seconds, 1),
            "reference": self.reference.to_json(),
            "changes": self.changes.to_json(language, self.names),
            "buildings": self.changes.buildings.to_json(),
            "touched": sorted(self.changes.touched),
            "recut": sorted(self.recut),
            "carried": carried,
            "triggers": [trigger.to_json(language) for trigger in self.triggers],
            "lists": [one.to_json(language) for one in self.lists],
            "reason": self.reason if self.outcome == "nothing" else None,
            "affected": list(self.affected),
            "spared": list(self.spared),
            "untouched": sorted(self.untouched),
            "proposals": [
                dataclasses.asdict(one) | {"resolved": one.resolved, "open": one.open} for one in self.proposals
            ],
            "open_gap": open_gap(self.proposals, language),
            "conflicts": [] if self.alternative is None else self.alternative.conflict_sentences(language),
        }


def rerun(
    study: Study,
    previous: Path | None = None,
    *,
    plan: str | None = None,
    everything: bool = False,
    engine: str | None = None,
    stop: Stop = never,
    reference: Reference | None = None,
    standing: Mapping[str, Standing] | None = None,
    told_lists: Mapping[str, str] | None = None,
) -> Rerun:
    """Find what changed since the plan in force was made, and the least change that answers it.

    Parameters
    ----------
    study
        Of the case as it is now.
    previous, plan
        The output folder, and which of its plans, to go by where the case has no adopted plan.
    everything
        Propose also for what was accepted with the reference, in every sub-district.
    engine, stop
        As `Study.propose` takes them.
    reference, standing, told_lists
        What to go by, where a rerun is made again, and when lists went back; None: as the case's records have it.

    Raises
    ------
    CaseError, LayerError, PolicyError, PlanError
        If the case, its input or the reference cannot be used.
    """
    started, clock = datetime.now().astimezone().isoformat(timespec="seconds"), time.perf_counter()
    if reference is None:
        reference = find_reference(study.case, previous, plan=plan, crs=study.layers.crs)
    if standing is None:
        standing = read_standing(study.case, reference.archive.sha256)
    lists = refused_lists(study.case, study.layers.lists, told=told_lists)
    study.progress(Step("stage.changes"))
    changes = find_changes(reference, study.basis, study.layers)
    names = {str(key): str(name) for key, name in study.layers.subdistricts["name"].items()}

    def ended(**told: Any) -> Rerun:
        known: dict[str, Any] = {"names": names, "standing": standing, "basis": study.basis}
        known |= {"everything": everything, "layers": study.layers, "lists": lists}
        none: dict[str, Any] = {"carried": None, "findings": (), "triggers": (), "recut": frozenset()}
        timed: dict[str, Any] = {"started": started, "seconds": time.perf_counter() - clock}
        return Rerun(
            study.case, reference, changes, **{**none, "run": None, "study": None, **known, **told, **timed}
        )

    if not changes.touched and not everything:
        return ended()
    carried = carry(reference, study.layers, changes.buildings)
    zones = zone_kinds(study.policy, forbidden=True)
    ground = carry_ground(
        reference, carried, changes, study.basis, cap=study.atom_cap, zones=zones, progress=study.progress
    )
    settings = dataclasses.replace(study.case.solve, modes=("adjust",), profile=None, alternatives=1)
    case = dataclasses.replace(study.case, solve=settings)
    there = study.on_ground(ground.today, ground.territory, case=case, retired=_retired(study, reference))
    looked_at = frozenset(names) if everything else changes.touched

    def differs(key: str) -> bool:
        """Whether anything is another than when it was proved that a sub-district has no answer."""
        return standing[key].hash != str(study.basis["subdistricts"][key]["hash"])

    by_name = {name: key for key, name in names.items()}
    findings = there.diagnose().findings
    triggers = tuple(
        trigger
        for trigger in find_triggers(
            findings,
            reference,
            changes,
            standing={names[key]: one for key, one in standing.items() if key in names},
        )
        if by_name.get(trigger.finding.subdistrict) in looked_at
    )
    asked = sorted(
        {
            trigger.finding.subdistrict
            for trigger in triggers
            if everything or trigger.fresh or (trigger.told and differs(by_name[trigger.finding.subdistrict]))
        }
    )
    told = {"carried": ground.carried, "findings": findings, "recut": ground.recut}
    told |= {"triggers": triggers, "study": there}
    if not asked:
        return ended(**told)
    where = engine or case.solve.engine
    if len(asked) == 1 and where == "local":
        where = "serial"  # one job: starting a worker takes longer than it saves
    run = there.propose(subdistricts=asked, engine=where, stop=stop)
    return ended(run=spared(there, run, subdistricts=asked, engine=where, stop=stop), **told)


def _retired(study: Study, reference: Reference) -> pd.DataFrame | None:
    """Communities that had ended before: of the case's own list, and by the reference."""
    known = [table for table in (study.retired, reference.abolished) if table is not None and len(table)]
    return pd.concat(known, ignore_index=True).drop_duplicates(ignore_index=True) if known else None
