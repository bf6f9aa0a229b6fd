"""What is wrong today; on real streets, counted again from the files by hand of pandas."""

from __future__ import annotations

import json
import time

import geopandas as gpd

from districting.assessment.diagnosis import CLASSES, diagnose
from districting.assessment.wording import finding_sentence
from districting.language import say, sentences
from districting.plans.division import Division
from districting.policies.reading import preset
from tests.places import DATA, needs_shared
from tests.plans.drawn import town
from tests.plans.real_town import beilin

POLICY = preset("xian-2023").override(
    {
        "reach.path": "straight",
        "size.alternative": None,
        "size.alternative_min": None,
        "size.alternative_max": None,
    },
    because="drawn in metres",
)


def test_counts_lists_and_table_agree() -> None:
    ground = town("A A B\nC C C", households="3000 3000 500\n500 500 500", subdistricts="S S S\nT T T")
    diagnosis = diagnose(ground, POLICY)
    assert diagnosis.counts == {"no_centre": 3, "merge_trigger": 1, "split_trigger": 1}
    assert [f.aspect for f in diagnosis.by_subdistrict["T街道"]] == ["no_centre"]
    assert sum(map(len, diagnosis.by_subdistrict.values())) == len(diagnosis.findings)
    assert diagnosis.table["households"].tolist() == [6000, 500, 1500]
    assert json.loads(json.dumps(diagnosis.to_json()))[0]["aspect"] == "split_trigger"


def test_some_sub_districts_alone() -> None:
    ground = town("A A B\nC C C", households=100, subdistricts="S S S\nT T T")
    part = diagnose(ground, POLICY).only(["T"])
    assert {finding.subdistrict for finding in part.findings} == {"T街道"}
    assert part.table.index.tolist() == ["C"]


def test_findings_by_class_say_what_kind_of_community_it_is() -> None:
    ground = town("A A B\nC C C", households="3000 3000 500\n500 500 500")
    by_class = diagnose(ground, POLICY).by_class
    assert {name: [f.community_id for f in found] for name, found in by_class.items()} == {
        "super_large": ["A"],
        "micro": ["B"],
        "seatless": ["A", "B", "C"],
    }
    assert list(by_class) == [name for name in CLASSES if name in by_class]


def test_every_kind_of_finding_on_today_has_one_class_and_every_class_a_name() -> None:
    known = [aspect for aspects in CLASSES.values() for aspect in aspects]
    assert len(known) == len(set(known))
    for name in (*CLASSES, "other"):
        assert say(f"class.{name}", "zh") != say(f"class.{name}", "en")
    assert all(f"aspect.{aspect}" in sentences() and f"finding.{aspect}" in sentences() for aspect in known)


def test_a_community_in_which_nobody_lives_is_listed_with_the_figure_nought() -> None:
    ground = town("A A B B C", households="1000 1000 1000 1000 0", seats={"A": (1, 0.5), "B": (3, 0.5)})
    (finding,) = diagnose(ground, POLICY).by_class["empty"]
    assert (finding.community_id, finding.measured, finding.strength) == ("C", 0, "should")
    assert "0 households" in finding_sentence(finding, "en")


def test_a_town_in_order_has_no_findings() -> None:
    ground = town("A A B B", households=1000, seats={"A": (1, 0.5), "B": (3, 0.5)})
    assert diagnose(ground, POLICY).findings == ()


@needs_shared
def test_beilin_today_is_what_its_files_say() -> None:
    ground = beilin()
    started = time.process_time()
    diagnosis = diagnose(ground, preset("xian-2023"))
    seconds = time.process_time() - started
    homes = gpd.read_file(DATA / "xian_beilin" / "buildings.gpkg").groupby("community_id")["households"].sum()
    told = {
        aspect: {f.community_id for f in diagnosis.findings if f.aspect == aspect} for aspect in diagnosis.counts
    }
    assert told["split_trigger"] == set(homes.index[homes > 5000])
    assert told["merge_trigger"] == set(homes.index[(homes < 1000) & (homes > 0)])
    assert {finding.strength for finding in diagnosis.findings} == {"should", "prefer"}
    assert diagnosis.table["households"].sum() == 266_894
    # The one community that lies inside another, seen on the map.
    inside = [f for f in diagnosis.findings if f.aspect == "enclave"]
    assert [f.detail["other"] for f in inside] == [diagnosis.table["name"]["C059"]]
    assert "hole" not in told
    assert all(finding_sentence(finding, "zh") for finding in diagnosis.findings)
    # 0.6 s measured; room for a slow machine.
    assert seconds < 5
    assert Division.today(ground).buildings.notna().all()
