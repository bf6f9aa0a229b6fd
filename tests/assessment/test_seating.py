"""Where service centres stand: the own one, else the best site, else the best place, and how far people go."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from districting.assessment.identities import identify
from districting.assessment.seating import Seating, choose_seats, seating
from districting.errors import PlanError
from districting.plans.community_list import with_community_list
from districting.plans.division import Division
from districting.plans.reading import read_plan
from districting.policies.access import ReachRule
from districting.reports.community_files import write_abolished_csv, write_communities_csv
from districting.reports.exports import write_plan_csv
from districting.territory.territory import Territory
from tests.plans.drawn import SIDE, plan, town
from tests.plans.judging import policy

Places = Mapping[str, tuple[float, float]]


def with_candidates(ground: Territory, places: Places) -> Territory:
    """The town with candidate sites, in squares."""
    points = [shapely.Point(x * SIDE, y * SIDE) for x, y in places.values()]
    sites = gpd.GeoDataFrame(
        {"name": list(places), "community_id": None, "floor_area_m2": np.nan, "candidate": True},
        geometry=points,
        index=pd.Index(list(places), name="facility_id"),
        crs=ground.layers.crs,
    )
    today = ground.layers.facilities.assign(candidate=False)
    facilities = pd.concat([today, sites]) if len(today) else sites
    return dataclasses.replace(ground, layers=dataclasses.replace(ground.layers, facilities=facilities))


def seated(
    before: str,
    after: str,
    *,
    centres: Places | None = None,
    candidates: Places | None = None,
    found: Places | None = None,
    limit_m: float | None = None,
) -> tuple[Seating, Division]:
    """A plan drawn over a town, with its seats chosen; ``found`` are the solver's, all in squares."""
    ground = town(before, seats=centres or {})
    ground = with_candidates(ground, candidates) if candidates else ground
    reach = [ReachRule(rule_id="reach", strength="must", clause="1", limit_m=limit_m)] if limit_m else []
    asked, today = policy(*reach), Division.today(ground)
    division = choose_seats(Division.of_plan(plan(ground, after, seats=found), ground), today, ground, asked)
    return seating(division, today, ground, asked), division


def test_an_existing_centre_on_its_land_stays_even_if_a_site_is_nearer_to_all() -> None:
    told, division = seated(
        "A A A A B", "A A A B B", centres={"A": (0.2, 0.5), "B": (4.5, 0.5)}, candidates={"site": (1.5, 0.5)}
    )
    assert told.table.loc["A", ["site", "seat_x"]].tolist() == ["own_centre", 40.0]
    assert division.outlines.at["A", "seat_kind"] == "existing"


def test_a_new_community_takes_the_site_with_the_least_mean_distance() -> None:
    told, division = seated(
        "A A A A A", "A A N N N", candidates={"far": (2.1, 0.5), "near": (3.6, 0.5)}, found={"N": (3.5, 0.5)}
    )
    assert told.table.loc["N", ["site", "site_id"]].tolist() == ["candidate_site", "near"]
    assert division.outlines.at["N", "seat_kind"] == "candidate"


def test_a_site_from_which_someone_is_out_of_reach_does_not_replace_the_place_that_reaches_all() -> None:
    options = {"candidates": {"edge": (2.1, 0.5)}, "found": {"N": (3.5, 0.5)}}
    assert seated("A A A A A", "A A N N N", **options, limit_m=600.0)[0].table.at["N", "site"] == "candidate_site"
    told = seated("A A A A A", "A A N N N", **options, limit_m=300.0)[0].table.loc["N"]
    assert (told["site"], told["seat_x"]) == ("place", 700.0)


def test_the_rooms_of_a_centre_whose_community_ends_count_as_a_site() -> None:
    told, _ = seated("A A B B C", "A A A A C", centres={"B": (2.4, 0.5), "C": (4.5, 0.5)})
    assert told.table.loc["A", ["site", "site_id"]].tolist() == ["former_centre", "f000"]


def test_without_any_site_the_best_atom_is_the_weighted_median() -> None:
    told, _ = seated("A A A A A", "A N N N N")
    assert told.table.at["N", "site"] == "place"
    assert told.table.at["N", "seat_x"] in (500.0, 700.0)  # two squares halve the four
    assert told.table.at["N", "mean_m"] == pytest.approx((0 + 200 + 200 + 400) / 4)


def test_distances_are_told_before_and_after_for_the_same_households() -> None:
    told, _ = seated("A A A A", "A A N N", centres={"A": (0.5, 0.5)}, candidates={"site": (2.5, 0.5)})
    row = told.table.loc["N"]
    assert (row["mean_before_m"], row["p95_before_m"], row["farthest_before_m"]) == (500.0, 600.0, 600.0)
    assert (row["mean_m"], row["p95_m"], row["farthest_m"]) == (100.0, 200.0, 200.0)


def test_a_community_that_nothing_changes_keeps_what_it_has() -> None:
    told, _ = seated("A A B B", "A A B B", candidates={"site": (0.5, 0.5)})
    assert told.table["site"].isna().all()


class TestListBesideThePlan:
    """The plan file tells atoms; names, codes and seats lie in a list beside it."""

    @pytest.fixture
    def written(self, tmp_path: Path) -> tuple[Path, Territory, Division]:
        ground = town("A A A A B", seats={"A": (0.5, 0.5)})
        today = Division.today(ground)
        drawn = plan(ground, "A A N N B", seats={"N": (2.5, 0.5)})
        drawn.communities.loc["N", "name"] = "N"
        division, told = identify(Division.of_plan(drawn, ground), today, ground, language="zh")
        write_plan_csv(tmp_path / "plan.csv", division)
        write_communities_csv(
            tmp_path / "communities.csv",
            division,
            told,
            seating(division, today, ground, policy()),
            households=pd.Series({"A": 200, "B": 100, "N": 200}),
            actions={"A": "split", "N": "new", "B": "keep"},
        )
        write_abolished_csv(tmp_path / "abolished.csv", told)
        return tmp_path / "plan.csv", ground, division

    def test_names_and_seats_come_back(self, written: tuple[Path, Territory, Division]) -> None:
        path, ground, division = written
        back = with_community_list(read_plan(path, ground), path)
        columns = ["name", "seat_x", "seat_y", "seat_kind"]
        pd.testing.assert_frame_equal(
            pd.DataFrame(back.outlines[columns]), pd.DataFrame(division.outlines[columns]), check_dtype=False
        )

    def test_a_list_that_is_not_ours_is_not_read(self, written: tuple[Path, Territory, Division]) -> None:
        path, ground, _ = written
        (path.parent / "communities.csv").write_text("community_id,name\nN,Elsewhere\n", encoding="utf-8")
        assert with_community_list(read_plan(path, ground), path).outlines.at["N", "name"] == "N"

    def test_a_seat_that_is_no_number_is_one_clear_fault(self, written: tuple[Path, Territory, Division]) -> None:
        path, ground, _ = written
        listed = path.parent / "communities.csv"
        listed.write_text(listed.read_text(encoding="utf-8").replace("500.0", "here"), encoding="utf-8")
        with pytest.raises(PlanError, match=r"communities\.csv.*N"):
            with_community_list(read_plan(path, ground), path)
