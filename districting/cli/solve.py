"""``districting solve``: a bare problem of the benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from districting.cli.exits import FINE, NO_PLAN
from districting.cli.interruption import Interruption
from districting.cli.options import AsJson, Lang, language_of
from districting.language import default_language, say
from districting.live import progress_on
from districting.screen import err, out, print_json
from districting.solvers.bare import read_instance, solve_instance


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
    with Interruption(spoken).listening() as stop, progress_on(err, spoken) as progress:
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
