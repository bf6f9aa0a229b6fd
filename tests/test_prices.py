"""What rules cost, on the small sample town."""

from __future__ import annotations

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from districting.cli.app import app
from districting.errors import CaseError
from districting.flow.prices import Price, price_rules
from districting.flow.run import Run
from districting.plans.lock_checks import broken_locks
from districting.plans.posing import LockRequest, Posed
from districting.plans.problem import Lock
from districting.solvers.params import Params
from districting.study import Study
from tests.solvers.towns import town


@pytest.fixture(scope="module")
def locked(solved: tuple[Study, Run]) -> Study:
    """The town with one lock: its smallest community is kept as it is."""
    study, _ = solved
    atoms = study.territory.atoms.table
    homes = atoms.groupby("community_id")["households"].sum()
    smallest = str(homes[homes > 0].sort_values(kind="stable").index[0])
    other = study.with_settings({"time_limit_s": 20.0, "workers": 1})
    other.case = dataclasses.replace(
        other.case, locks=(LockRequest("apart", roads=(road_inside(study),)), LockRequest("seat", (smallest,)))
    )
    return other


def road_inside(study: Study) -> str:
    """A named road with homes on both sides in one community of today."""
    edges, atoms = study.territory.graph.edges, study.territory.atoms.table
    a, b = (edges[side].map(atoms["community_id"]) for side in ("atom_a", "atom_b"))
    named = edges[(a == b) & edges["border_name"].notna() & edges["crossable"]]
    return str(sorted(named["border_name"])[0])


@pytest.fixture(scope="module")
def prices(locked: Study) -> list[Price]:
    return locked.prices(mode="redraw", roads=())


def test_every_rule_and_lock_of_the_case_has_a_price(prices: list[Price], locked: Study) -> None:
    rules = [price.rule for price in prices]
    assert {"size_max", "size_min"} <= set(rules)
    assert rules.count("lock") == 2
    assert all(price.in_force for price in prices)


def test_leaving_a_rule_off_never_makes_the_proved_optimum_worse(prices: list[Price]) -> None:
    for price in prices:
        assert 0 <= price.least <= price.most + 1e-6
        if price.with_rule is not None and price.without is not None:
            assert price.with_rule.households == price.without.households


def test_a_road_as_border_is_kept_by_the_plan(locked: Study) -> None:
    run = locked.with_settings({"modes": ("redraw",)}).propose(engine="serial")
    solved = [one for one in locked.subdistrict_ids([]) if one not in run.alternatives[0].plan.unresolved]
    assert solved
    division = run.alternatives[0].judged.division
    assert broken_locks(division, locked.territory, locked.case.locks, solved) == []
    edges = locked.territory.graph.edges
    road = locked.case.locks[0].roads[0]
    crossed = edges[edges["border_name"] == road]
    atoms = locked.territory.atoms.table
    crossed = crossed[atoms.loc[crossed["atom_a"], "subdistrict_id"].isin(solved).to_numpy()]
    plan = division.atoms
    assert plan is not None
    assert len(crossed)
    assert (plan.loc[crossed["atom_a"]].to_numpy() != plan.loc[crossed["atom_b"]].to_numpy()).all()


def test_the_verb_prints_the_table_as_data(locked: Study) -> None:
    name = str(locked.layers.subdistricts["name"].iloc[0])
    case = str(locked.case.path)
    ran = CliRunner().invoke(
        app, ["price", case, "--mode", "redraw", "-s", name, "--road", road_inside(locked), "--json"]
    )
    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)
    assert [row["rule"] for row in rows][-1] == "roads"
    assert not rows[-1]["in_force"]


def test_a_road_that_does_not_exist_is_named(locked: Study) -> None:
    with pytest.raises(CaseError, match="不存在路"):
        locked.prices(mode="redraw", roads=["不存在路"])


def test_a_lock_that_leaves_no_plan_is_not_priced_at_nothing_because_somebody_may_stay() -> None:
    free = dataclasses.replace(town("A A B B", "20 20 60 60", low=60, high=180), may_stay=True)
    kept = dataclasses.replace(free, locks=(Lock("keep", communities=(1,)),))
    prices = price_rules(
        {"town": Posed(kept, 0)},
        mode="whole",
        params=Params(gap_households=0.0, gap_share=0.0),
        locks=(LockRequest("keep", communities=("B",)),),
        roads=(),
        pose_with=lambda locks: {"town": Posed(kept if locks else free, 0)},
        engine="serial",
    )
    (lock,) = [price for price in prices if price.rule == "lock"]
    assert lock.only_without == ("town",)
