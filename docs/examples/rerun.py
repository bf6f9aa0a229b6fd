"""Run a case again from Python, and act on what it says.

    python docs/examples/rerun.py CASE.toml REFERENCE OUT

REFERENCE is the output folder of an earlier run; it is used where the case has no adopted plan.
"""

from __future__ import annotations

import sys
from pathlib import Path

from districting import Study
from districting.errors import DistrictingError
from districting.rerun.lock import holding
from districting.rerun.notices import announce
from districting.rerun.telling import lines
from districting.rerun.writing import write_rerun


def main(case: Path, reference: Path, out: Path) -> int:
    """Rerun, write, tell; the exit code is that of ``districting rerun``."""
    with holding(case, verb="rerun"):
        study = Study.open(case)
        found = study.rerun(reference)
        written = write_rerun(found, out, language=study.language)
    for line in lines(found, study.language, written=written):
        print(line)
    for one in found.proposals:
        # your own rule: small changes go straight to the sub-district, large ones to the district office
        print(f"{one.name}: {'small' if one.households_moved < 200 else 'large'} change")
    report = found.to_json(study.language)
    for notice in announce(report, event=found.event, case=case, out=out, settings=study.case.rerun):
        print(notice.sentence(study.language), file=sys.stderr)
    return {"nothing": 0, "proposals": 10, "no_plan": 3}[found.outcome]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    try:
        sys.exit(main(*map(Path, sys.argv[1:])))
    except DistrictingError as fault:  # one sentence for each thing that is wrong, with its mend
        print(fault, file=sys.stderr)
        sys.exit(2)
