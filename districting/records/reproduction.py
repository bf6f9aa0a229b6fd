"""A run made again from its manifest, and what of it came out byte for byte the same."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from districting.case import Case, SolveSettings
from districting.errors import Fault, PlanError
from districting.records.history import RunEntry
from districting.records.manifest import content_id, outputs_of
from districting.reports.plain import plain
from districting.rerun.again import origin_of, rerun_again
from districting.territory.specs import with_logins

if TYPE_CHECKING:
    from districting.study import Study

#: What became of a file: as recorded; other content; holds times, and apart from them the same, the same but for
#: bounds of later wishes, or another; recorded and not made; made and not recorded.
Outcome = Literal["same", "differs", "timed_same", "timed_bounds", "timed_other", "missing", "extra"]


@dataclass(frozen=True)
class Reproduction:
    """How a run that was made again compares with its record.

    Parameters
    ----------
    run_id
        The run.
    files
        Outcome by file, sorted.
    resaved
        Layers whose file has other bytes and the same content.
    versions
        Packages whose version is another one than then.
    stopped
        Sub-districts whose search was stopped by its time limit, then or now: the machine decides what it finds.

    Notes
    -----
    A wish after the first is settled as soon as its gap is within the tolerance of the profile, and parts of a
    search end by the clock. So the plans can be the same, letter by letter, while the bound of such a wish is one
    proved on another way: ``timed_bounds``. Nothing is rounded for it, neither in the record nor here.
    """

    run_id: str
    files: Mapping[str, Outcome]
    resaved: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Nothing differs but times, and bounds of wishes after the first."""
        return all(outcome in ("same", "timed_same", "timed_bounds") for outcome in self.files.values())

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {**dataclasses.asdict(self), "same": self.same}


def case_of_run(entry: RunEntry, case: Case) -> Case:
    """The case as it was for a run: the text of its file then, with the settings that held.

    Raises
    ------
    PlanError
        If a verb made the run that is not made again, or an earlier program made it and kept too little.
    CaseError
        If its case file can no longer be read.
    """
    if entry.verb == "rerun":
        origin_of(entry)
    elif entry.verb != "propose":
        raise PlanError([Fault("fault.history_verb", {"run": entry.run_id, "verb": entry.verb})])
    then = Case.parse(str(entry.made_from["case"]), case.path)
    known = {field.name for field in dataclasses.fields(SolveSettings)}
    told = {key: value for key, value in entry.manifest["settings"].items() if key in known}
    told["modes"] = tuple(told["modes"])
    told["communities"] = {name: (int(few), int(most)) for name, (few, most) in told["communities"].items()}
    return dataclasses.replace(then, solve=SolveSettings(**told), layers=with_logins(then.layers, case.layers))


def reproduce(study: Study, entry: RunEntry, out: Path, *, engine: str | None = None) -> Reproduction:
    """Make a run again into ``out`` and compare every file.

    The day in the tables is that of the record; only ``run.json`` tells how long the searches took now.

    Parameters
    ----------
    study
        Of `case_of_run`, in the language of the run.
    engine
        Where the solving runs; None: where it ran then. The plans are the same.

    Raises
    ------
    PlanError
        If inputs are not what they were; names each.
    """
    resaved = _check_inputs(study, entry)
    if entry.verb == "rerun":
        rerun_again(study, entry, out, engine=engine)
    else:
        run = study.propose(subdistricts=entry.made_from["subdistricts"], engine=engine)
        run = dataclasses.replace(run, started=str(entry.manifest.get("started", "")))
        study.write(run, out, recorded=False)
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    versions = {**entry.manifest["versions"], **record["versions"]}
    told = {
        row["name"]
        for plan in [*entry.plans, *record["plans"]]
        for row in plan["subdistricts"]
        if row["status"] in ("feasible", "unknown")
    }
    return Reproduction(
        entry.run_id,
        _compared(entry, out, _but_times(entry, out, record)),
        resaved,
        tuple(name for name in sorted(versions) if entry.manifest["versions"].get(name) != versions[name]),
        tuple(sorted(told)),
    )


def _check_inputs(study: Study, entry: RunEntry) -> tuple[str, ...]:
    """Refuse inputs that are not what they were; returns the layers that were only saved again.

    Raises
    ------
    PlanError
        Naming each role, file and layer, and the policy.
    """
    then, now = entry.manifest["inputs"], [plain(dataclasses.asdict(one)) for one in study.layers.sources]
    prints = entry.manifest.get("fingerprints", {}).get("layers", {})
    prints_now = study.basis["layers"]
    changed: list[str] = []
    resaved: list[str] = []
    for one in then:
        here = [other for other in now if all(other[key] == one[key] for key in ("role", "path", "layer"))]
        if any(other["sha256"] == one["sha256"] for other in here):
            continue
        name = _named(one)
        content = prints.get(one["role"]) is not None and prints[one["role"]] == prints_now.get(one["role"])
        (resaved if here and content else changed).append(name)
    before = {(one["role"], one["path"], one["layer"]) for one in then}
    changed += [_named(other) for other in now if (other["role"], other["path"], other["layer"]) not in before]
    rules = entry.manifest.get("fingerprints", {}).get("rules")
    if entry.manifest["policy"]["policy_id"] != study.policy.policy_id or (
        rules is not None and rules != plain(study.basis["rules"])
    ):
        changed.append(f"policy {study.case.policy_name}")
    if changed:
        values = {"run": entry.run_id, "layers": "; ".join(changed)}
        raise PlanError([Fault("fault.history_inputs", values)])
    return tuple(resaved)


def _named(source: Mapping[str, Any]) -> str:
    """An input as people know it."""
    layer = f" ({source['layer']})" if source["layer"] else ""
    return f"{source['role']}: {source['path']}{layer}"


def _but_times(entry: RunEntry, out: Path, record: Mapping[str, Any]) -> dict[str, Outcome]:
    """Outcome of the files that hold times, without them."""
    told: dict[str, Outcome] = {"run.json": "timed_same"}
    if record["run_id"] != entry.run_id:
        same = content_id(_without_later_bounds(record)) == content_id(_without_later_bounds(entry.manifest))
        told["run.json"] = "timed_bounds" if same else "timed_other"
    if entry.verb == "rerun":
        document = json.loads((out / "rerun.json").read_text(encoding="utf-8"))
        same = content_id(document) == origin_of(entry)["document"]
        told["rerun.json"] = "timed_same" if same else "timed_other"
    return told


def _without_later_bounds(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a run without the bounds of wishes after the first, which people read nowhere else."""
    bare: dict[str, Any] = copy.deepcopy(dict(record))
    for plan in bare["plans"]:
        for row in plan["subdistricts"]:
            for told in (row.get("terms", []), row.get("notes", {}).get("stages", [])):
                for later in told[1:]:  # what a later wish leaves to the next follows from its bound
                    later.pop("lower_bound", None)
                    later.pop("ceiling", None)
    return bare


def _compared(entry: RunEntry, out: Path, timed: Mapping[str, Outcome]) -> dict[str, Outcome]:
    """Outcome of every file; ``timed``: of those that hold times how they compare without."""
    made, found = outputs_of(out), {}
    for name in sorted({*entry.outputs, *made}):
        outcome: Outcome
        if name not in made:
            outcome = "missing"
        elif name not in entry.outputs:
            outcome = "extra"
        elif made[name] == entry.outputs[name]:
            outcome = "same"
        elif name in timed:
            outcome = timed[name]
        else:
            outcome = "differs"
        found[name] = outcome
    return found
