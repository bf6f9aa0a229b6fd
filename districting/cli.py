"""The command line: each verb calls one method of `Study` and prints. Computes nothing."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer

from districting import __version__
from districting.assessment.wording import finding_sentence
from districting.case import Case, numbers_by_subdistrict
from districting.engine import EngineName
from districting.errors import DistrictingError, Fault, InputError
from districting.language import Language, default_language, say
from districting.policies.policy import Policy
from districting.policies.reading import preset_ids, read_policy
from districting.run import Judged
from districting.screen import (
    err,
    faults_as_data,
    out,
    print_alternative,
    print_comparison,
    print_counts,
    print_faults,
    print_findings,
    print_json,
    print_policy,
    print_provenance,
    progress_bar,
)
from districting.solvers.bare import read_instance, solve_instance
from districting.starting import start_case
from districting.study import Study
from districting.territory.sample import SIZES, write_sample

#: Exit codes, as the README states them.
FINE, RULE_BROKEN, BAD_INPUT, NO_PLAN, INTERRUPTED = 0, 1, 2, 3, 130


app = typer.Typer(
    name="districting",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Split, merge and adjust urban communities (社区) under published rules, with proof.\n\n"
    "First look:  [bold]districting demo[/bold]\n\n"
    "Exit codes: 0 fine · 1 a must-rule is broken · 2 bad input · 3 no plan exists or none was found in time.",
)


CaseFile = Annotated[Path, typer.Argument(help="The case file.", metavar="CASE.toml")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document to stdout; everything else to stderr.")
]
Lang = Annotated[
    str | None, typer.Option("--language", "-l", help="zh or en; default: the case's own.", metavar="zh|en")
]
Subdistricts = Annotated[
    list[str] | None,
    typer.Option("--subdistrict", "-s", help="Only this sub-district; repeatable.", metavar="NAME"),
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder to write; replaced in one step.")]


class Interruption:
    """First Ctrl-C: finish with the best plan so far. Second: stop at once."""

    def __init__(self, language: Language) -> None:
        self.asked = False
        self.language = language

    def __call__(self) -> bool:
        """Whether the user wants an end."""
        return self.asked

    @contextmanager
    def listening(self) -> Iterator[Interruption]:
        """Take over SIGINT while the block runs."""

        def heard(number: int, frame: object) -> None:
            if self.asked:
                raise KeyboardInterrupt
            self.asked = True
            err.print(say("cli.stopping", self.language))

        before = signal.signal(signal.SIGINT, heard)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)


def language_of(option: str | None) -> Language | None:
    """The language asked for, or None."""
    if option is None:
        return None
    if option not in ("zh", "en"):
        raise InputError([Fault("fault.language", {"value": option})])
    return cast(Language, option)


def _version(asked: bool) -> None:
    """``--version``."""
    if asked:
        out.print(f"districting {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options before the verb."""


@app.command()
def demo(
    out_: Annotated[Path, typer.Option("--out", "-o", help="Folder for the town and its plans.")] = Path("demo"),
    size: Annotated[str, typer.Option(help="town, or city for a benchmark of 150,000 buildings.")] = "town",
    seed: Annotated[int, typer.Option(help="Another seed, another town.")] = 7,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Build a sample town, run the main job on it and say where the map is.

    Example:  districting demo --out demo
    """
    spoken = language_of(language) or default_language()
    if not json_:
        out.print(say("cli.demo_builds", spoken))
    if size not in SIZES:
        raise InputError([Fault("fault.size_unknown", {"value": size, "known": ", ".join(SIZES)})])
    case = write_sample(out_ / "town", size=size, seed=seed, language=spoken)
    _propose(case, out_ / "out", language=spoken, json_=json_)


@app.command()
def init(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Layer files, or folders of them.", metavar="FILE…")
    ] = None,
    out_: Annotated[Path, typer.Option("--out", "-o", help="Case file to write.")] = Path("case.toml"),
    place: Annotated[
        str | None, typer.Option(help="Download this place from OpenStreetMap first (needs a network).")
    ] = None,
    policy: Annotated[str, typer.Option(help="Preset id or policy file.")] = "national-2026",
    crs: Annotated[str | None, typer.Option(help="Metric CRS; default: a fitting one.", metavar="EPSG:…")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing case file.")] = False,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Look into layer files, guess their roles and columns, and write the case file.

    Example:  districting init buildings.gpkg roads.gpkg communities.gpkg -o case.toml
    """
    spoken = language_of(language) or default_language()
    case, remarks = start_case(
        files or [], out_, place=place, policy=policy, crs=crs, force=force, language=spoken
    )
    if json_:
        layers = [{"role": spec.role, "path": spec.path, "layer": spec.layer} for spec in case.layers]
        print_json(
            {"case": str(case.path), "crs": case.crs, "layers": layers, "remarks": faults_as_data(remarks, spoken)}
        )
        return
    for spec in case.layers:
        columns = ", ".join(f"{ours} = {theirs}" for ours, theirs in spec.columns.items())
        out.print(f"  {spec.role:<13} {spec.path}{' · ' + spec.layer if spec.layer else ''}  [dim]{columns}[/dim]")
    print_faults(remarks, spoken)
    out.print(say("cli.case_written", spoken, path=case.path))


@app.command()
def doctor(case: CaseFile, language: Lang = None, json_: AsJson = False) -> None:
    """Say everything that is wrong or doubtful with the inputs, with counts, examples and the mend.

    Example:  districting doctor case.toml
    """
    with _study(case, language) as study:
        faults = study.doctor()
    errors = sum(fault.severity == "error" for fault in faults)
    if json_:
        print_json(
            {"errors": errors, "warnings": len(faults) - errors, "faults": faults_as_data(faults, study.language)}
        )
    else:
        print_faults(faults, study.language)
        out.print(say("cli.doctor", study.language, errors=errors, warnings=len(faults) - errors))
    raise typer.Exit(BAD_INPUT if errors else FINE)


@app.command()
def diagnose(
    case: CaseFile, subdistrict: Subdistricts = None, language: Lang = None, json_: AsJson = False
) -> None:
    """Say what is wrong with today's communities: counts, then a list by sub-district.

    Example:  districting diagnose case.toml --subdistrict 文艺路街道
    """
    with _study(case, language) as study:
        diagnosis = study.diagnose(subdistricts=subdistrict or ())
    if json_:
        print_json(diagnosis.to_json())
    else:
        print_counts(diagnosis.counts, study.language)
        print_findings(diagnosis.findings, study)
        print_provenance(study)
    raise typer.Exit(RULE_BROKEN if any(f.strength == "must" for f in diagnosis.findings) else FINE)


@app.command()
def propose(
    case: CaseFile,
    out_: Out = Path("out"),
    subdistrict: Subdistricts = None,
    mode: Annotated[
        list[str] | None, typer.Option(help="whole, adjust or redraw; repeatable; default: the case's.")
    ] = None,
    communities: Annotated[
        str | None, typer.Option(help="How many communities: 25, or 23-26.", metavar="N|N-M")
    ] = None,
    horizon: Annotated[
        int | None, typer.Option(help="The size bounds hold in this year, too.", metavar="YEAR")
    ] = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds per sub-district and alternative.")] = None,
    engine: Annotated[str, typer.Option(help="local (all cores) or serial; the plans are the same.")] = "local",
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Find plans, prove how good they are, judge them and write them with maps.

    Examples
    --------
      districting propose case.toml -o out/

      districting propose case.toml --subdistrict 文艺路街道 --mode adjust --time-limit 120

    Ctrl-C ends the search and keeps the best plan so far.
    """
    changes: dict[str, Any] = {}
    if mode:
        changes["modes"] = tuple(mode)
    if communities:
        changes["communities"] = numbers_by_subdistrict({"": _span(communities)})
    if horizon is not None:
        changes["horizon"] = horizon
    if time_limit is not None:
        changes["time_limit_s"] = time_limit
    _propose(
        case,
        out_,
        subdistricts=subdistrict or [],
        changes=changes,
        engine=engine,
        language=language_of(language),
        json_=json_,
    )


@app.command()
def check(
    case: CaseFile,
    plan: Annotated[
        Path, typer.Argument(help="CSV or Excel of atom_id or building_id and community_id, or polygons.")
    ],
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Judge any plan, also one drawn by hand, against every rule of the policy.

    Example:  districting check case.toml my-plan.csv
    """
    with _study(case, language) as study:
        judged = study.check(plan)
    if json_:
        print_json(_judged(judged, plan, study))
    else:
        print_findings(judged.findings, study)
        key = "cli.adoptable" if judged.adoptable else "cli.not_adoptable"
        out.print(say(key, study.language, plan=plan.name, moved=judged.households_moved))
    raise typer.Exit(FINE if judged.adoptable else RULE_BROKEN)


@app.command()
def compare(
    case: CaseFile,
    plans: Annotated[list[Path], typer.Argument(help="Plan files.", metavar="PLAN…")],
    out_: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("compare.html"),
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Measure today and any plans side by side, on one offline page.

    Example:  districting compare case.toml out/plans/adjust/plan.csv mine.csv -o compare.html
    """
    with _study(case, language) as study:
        judged, comparison = study.compare(plans)
        page = study.write_comparison(judged, comparison, out_)
    if json_:
        print_json({"page": str(page), **comparison.to_json()})
    else:
        print_comparison(comparison, study.language)
        out.print(say("cli.page", study.language, path=page))


@app.command()
def policies(
    policy: Annotated[str | None, typer.Argument(help="Preset id or policy file.", metavar="ID")] = None,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """List the policies, or print the rules of one with clause, strength and reading.

    Example:  districting policies xian-2023
    """
    spoken = language_of(language) or default_language()
    found = [read_policy(name) for name in ([policy] if policy else preset_ids())]
    if json_:
        print_json({"policies": [_policy(one) for one in found]})
    elif policy is None:
        for one in found:
            out.print(f"[bold]{one.policy_id}[/bold]  {one.title[spoken]}")
    else:
        print_policy(found[0], spoken)


@app.command()
def solve(
    instance: Annotated[
        Path, typer.Argument(help="A bare problem in the benchmark's JSON form.", metavar="INSTANCE.json")
    ],
    objective: Annotated[
        str | None, typer.Option(help="A key of the file's objectives; default: the first.", metavar="NAME")
    ] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    language: Lang = None,
    json_: AsJson = False,
) -> None:
    """Solve a bare districting problem: assignment, objective, lower bound and gap.

    Example:  districting solve city_L100.json --objective euclid_median --time-limit 60 --json
    """
    spoken = language_of(language) or default_language()
    problem = read_instance(instance)
    with Interruption(spoken).listening() as stop, progress_bar(spoken) as progress:
        result = solve_instance(
            problem,
            objective=objective or next(iter(problem.objectives)),
            time_limit_s=time_limit,
            seed=seed,
            progress=progress,
            stop=stop,
        )
    if json_:
        print_json(result.to_json())
    elif result.objective is None or result.gap_proved is None:
        out.print(say("cli.bare_none", spoken, name=instance.stem, seconds=result.seconds))
    else:
        out.print(
            say(
                "cli.bare",
                spoken,
                name=instance.stem,
                objective=result.objective,
                bound=result.lower_bound or 0.0,
                gap=100 * result.gap_proved,
                seconds=result.seconds,
            )
        )
    raise typer.Exit(NO_PLAN if result.objective is None else FINE)


@contextmanager
def _study(path: Path, language: str | None) -> Iterator[Study]:
    """A study with a progress bar."""
    study = Study.open(path, language=language_of(language))
    with progress_bar(study.language) as progress:
        study.progress = progress
        yield study


def _propose(
    case: Path,
    folder: Path,
    *,
    language: Language | None,
    json_: bool,
    subdistricts: list[str] | None = None,
    changes: Mapping[str, Any] | None = None,
    engine: str = "local",
) -> None:
    """Propose, write, print."""
    with _study(case, language) as study:
        study = study.with_settings(changes or {})
        folder.parent.mkdir(parents=True, exist_ok=True)  # find out now, and not after all the solving
        with Interruption(study.language).listening() as stop:
            run = study.propose(subdistricts=subdistricts or (), engine=cast(EngineName, engine), stop=stop)
        page = study.write(run, folder)
    if json_:
        sys.stdout.write((folder / "run.json").read_text(encoding="utf-8"))
    else:
        for alternative in run.alternatives:
            print_alternative(alternative, study)
        print_comparison(run.comparison, study.language)
        print_provenance(study)
        out.print(say("cli.page", study.language, path=page))
        for alternative in run.alternatives:
            out.print(f"  {folder / 'plans' / alternative.plan.plan_id / 'map.html'}")
    if all(answer.result.solution is None for a in run.alternatives for answer in a.answers.values()):
        raise typer.Exit(NO_PLAN)
    raise typer.Exit(FINE if any(alternative.adoptable for alternative in run.alternatives) else RULE_BROKEN)


def _span(text: str) -> tuple[int, int]:
    """``25`` or ``23-26``."""
    first, _, last = text.partition("-")
    if not first.isdigit() or (last and not last.isdigit()):
        raise InputError([Fault("fault.span", {"value": text})])
    return int(first), int(last or first)


def _judged(judged: Judged, plan: Path, study: Study) -> dict[str, Any]:
    """The verdict on one plan file as plain data."""
    return {
        "plan": str(plan),
        "adoptable": judged.adoptable,
        "households_moved": judged.households_moved,
        "findings": [
            {**finding.to_json(), "sentence": finding_sentence(finding, study.language)}
            for finding in judged.findings
        ],
    }


def _policy(policy: Policy) -> dict[str, Any]:
    """A policy as plain data."""
    rules = [{"kind": rule.kind, **vars(rule)} for rule in policy.rules]
    return {"id": policy.policy_id, "title": dict(policy.title), "source": policy.source, "rules": rules}


def main(arguments: list[str] | None = None) -> None:
    """Entry point: runs a verb and turns every error of ours into sentences and an exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        app(args=arguments, prog_name="districting")
    except InputError as error:
        _refuse(error.faults, arguments)
    except OSError as error:
        fault = Fault("fault.cannot_write", {"file": error.filename or "", "why": error.strerror or str(error)})
        _refuse([fault], arguments)
    except DistrictingError as error:
        if "--json" in arguments:
            print_json({"error": [str(error)]})
        err.print(f"✗ {error}", markup=False)
        sys.exit(NO_PLAN)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def _refuse(faults: Sequence[Fault], arguments: list[str]) -> NoReturn:
    """Say what is wrong with the input, all of it, and end."""
    language = _spoken(arguments)
    if "--json" in arguments:
        sentences = [fault.sentence(language) for fault in faults]
        print_json({"error": sentences, "faults": faults_as_data(faults, language)})
    for fault in faults:
        err.print(f"✗ {fault.sentence(language)}", markup=False)
    sys.exit(BAD_INPUT)


def _spoken(arguments: list[str]) -> Language:
    """The language for an error: the option, else the case's own, else the user's."""
    for option in ("--language", "-l"):
        if option in arguments[:-1] and (word := arguments[arguments.index(option) + 1]) in ("zh", "en"):
            return cast(Language, word)
    for word in arguments:
        if word.endswith(".toml"):
            with suppress(InputError):
                return Case.read(word).language
    return default_language()


if __name__ == "__main__":
    main()
