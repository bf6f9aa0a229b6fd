"""The same few households moved, and every other community left exactly as it is, its empty land included.

Land where nobody lives costs no household, so the later wishes of a profile may push it about. In a rerun that is
one more outline to be approved: whoever keeps all households is asked to keep all land, too, if that moves nobody.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from districting.flow.run import Alternative, Run
from districting.plans.posing import LockRequest
from districting.progress import Stop, never
from districting.solvers.assembly import Answer
from districting.solvers.result import Result

if TYPE_CHECKING:
    from districting.study import Study

#: Objectives that differ less are the same.
_ROUNDING = 1e-6


def spared(study: Study, run: Run, *, subdistricts: Sequence[str], engine: str, stop: Stop = never) -> Run:
    """The run, or one that moves as few households and leaves more communities alone.

    Parameters
    ----------
    study
        That made the run.
    run
        With one alternative.
    subdistricts, engine, stop
        As it was asked for.

    Notes
    -----
    What was proved of the first plan holds of any plan, the second included; what is proved under the locks of the
    second does not, and is not told.
    """
    first = run.alternatives[0]
    table = first.judged.proposal.changes
    solved = table[table["subdistrict_id"].isin(sorted(set(first.answers) - set(first.plan.unresolved)))]
    still = solved[
        (solved["moved_in"] == 0) & (solved["moved_out"] == 0) & solved["action"].isin(["keep", "adjust"])
    ]
    if stop() or not (still["action"] == "adjust").any():
        return run
    locks = (*study.case.locks, *_kept(still))
    second = study.with_locks(locks, progress=study.progress).propose(
        subdistricts=subdistricts, engine=engine, stop=stop
    )
    other = second.alternatives[0]
    worse = [
        key
        for key, answer in first.answers.items()
        if answer.result.solution is not None
        and other.answers[key].result.objective > answer.result.objective + _ROUNDING
    ]
    if worse or not other.adoptable >= first.adoptable:
        return run
    answers = {key: _with_proof(other.answers[key], answer.result) for key, answer in first.answers.items()}
    told: Alternative = dataclasses.replace(other, answers=answers)
    return dataclasses.replace(
        second, alternatives=(told,), started=run.started, seconds=run.seconds + second.seconds
    )


def _kept(still: pd.DataFrame) -> list[LockRequest]:
    """Locks that keep these communities, one per sub-district."""
    return [
        LockRequest("keep", communities=tuple(sorted(map(str, group["origin"]))))
        for _, group in still.groupby("subdistrict_id", sort=True)
    ]


def _with_proof(answer: Answer, proved: Result) -> Answer:
    """The answer with what the first search proved of every plan."""
    result = answer.result
    if result.solution is None or proved.solution is None:
        return dataclasses.replace(answer, result=proved if proved.solution is None else result)
    before = {term.name: term.lower_bound for term in proved.terms}
    terms = tuple(
        dataclasses.replace(term, lower_bound=min(before.get(term.name, term.lower_bound), term.value))
        for term in result.terms
    )
    bound = min(proved.lower_bound, result.objective)
    return dataclasses.replace(
        answer, result=dataclasses.replace(result, status=proved.status, lower_bound=bound, terms=terms)
    )
