"""The command line as a person uses it: exit codes, sentences, JSON, and nothing half-written."""

from __future__ import annotations

import base64
import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import districting.study
from districting.cli import main
from districting.cli.app import VERBS
from tests.places import INSTANCES, needs_shared


def run(*arguments: str | Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one call."""
    with pytest.raises(SystemExit) as caught:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def letter_of(page: Path) -> dict[str, Any]:
    """The JSON letter of a compare page's payload."""
    text = page.read_text(encoding="utf-8").split('id="payload">')[1].split("</script>")[0]
    raw = gzip.decompress(base64.b64decode(text))
    return json.loads(raw[4 : 4 + int.from_bytes(raw[:4], "little")])


def test_help_shows_every_verb_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("--help", capsys=capsys)
    assert code == 0
    for verb in VERBS:
        assert verb in out
        code, text, _ = run(verb, "--help", capsys=capsys)
        assert code == 0
        assert f"districting {verb}" in text


def test_a_propose_writes_and_prints_and_ends_with_zero(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run("propose", hamlet, "-o", tmp_path / "out", "-l", "en", capsys=capsys)
    assert code == 0
    assert "proved" in out
    assert "Least change" in out
    assert "index.html" in out
    assert "generated" in out
    assert (tmp_path / "out" / "plans" / "adjust" / "map.html").exists()


def test_json_is_one_document_and_nothing_else(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run("propose", hamlet, "-o", tmp_path / "out", "--mode", "redraw", "--json", capsys=capsys)
    assert code == 0
    document = json.loads(out)
    assert [plan["mode"] for plan in document["plans"]] == ["redraw"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_doctor_and_diagnose_speak_the_language_asked_for(
    hamlet: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run("doctor", hamlet, "-l", language, capsys=capsys)
    assert code == 0
    assert ("数据检查" in out) == (language == "zh")
    code, out, _ = run("diagnose", hamlet, "-l", language, capsys=capsys)
    assert code in (0, 1)
    assert ("户" in out) == (language == "zh")


def test_diagnose_as_json_is_the_list_of_findings(hamlet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run("diagnose", hamlet, "--json", capsys=capsys)
    findings = json.loads(out)
    assert {"rule", "strength", "clause", "subdistrict", "community_id", "measured", "allowed", "unit"} <= set(
        findings[0]
    )


def test_check_of_todays_own_map_finds_what_is_wrong(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run("check", hamlet, hamlet.parent / "communities.gpkg", "--json", capsys=capsys)
    document = json.loads(out)
    assert document["households_moved"] == 0
    assert document["findings"]
    assert code == (0 if document["adoptable"] else 1)


def test_check_names_the_communities_of_a_hand_plan_that_do_not_exist_today(
    hamlet: Path, handed_over: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (handed_over / "plans" / "adjust" / "plan.csv").read_text(encoding="utf-8").splitlines()
    slip = rows[1].split(",")[1]
    drawn = tmp_path / "mine.csv"
    drawn.write_text("\n".join(row.replace(f",{slip}", ",K99") for row in rows), encoding="utf-8")
    _, out, _ = run("check", hamlet, drawn, "-l", "en", capsys=capsys)
    assert "do not exist today" in out
    assert "K99" in out
    _, out, _ = run("check", hamlet, drawn, "--json", capsys=capsys)
    assert "K99" in json.loads(out)["new_communities"]
    _, out, _ = run("check", hamlet, hamlet.parent / "communities.gpkg", "-l", "en", capsys=capsys)
    assert "do not exist today" not in out


def test_compare_writes_one_page(hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plans = hamlet.parent / "communities.gpkg"
    code, out, _ = run("compare", hamlet, plans, "-o", tmp_path / "c.html", "-l", "en", capsys=capsys)
    assert code == 0
    assert "c.html" in out
    assert (tmp_path / "c.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    letter = letter_of(tmp_path / "c.html")
    assert [plan["id"] for plan in letter["plans"]] == ["today", "communities"]
    for plan in letter["plans"]:  # the heading of each map and the table tell of the same findings
        must = sum(finding["strength"] == "must" for finding in plan["findings"])
        assert must == plan["summary"]["findings_must"]


def test_init_guesses_every_role_and_its_case_can_be_read(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "new" / "case.toml"
    files = sorted(hamlet.parent.glob("*.gpkg"))
    code, out, _ = run("init", *files, "-o", case, "--policy", "xian-2023", "-l", "en", capsys=capsys)
    assert code == 0
    for role in ("buildings", "roads", "barriers", "communities", "subdistricts", "facilities", "compounds"):
        assert role in out
    code, out, _ = run("doctor", case, "--json", capsys=capsys)
    assert code == 0, out


def test_init_names_the_path_that_does_not_exist_and_the_folder_without_layers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    paths = (tmp_path / "nowhere", tmp_path / "empty")
    code, _, err = run("init", *paths, "-o", tmp_path / "new" / "case.toml", "-l", "en", capsys=capsys)
    assert code == 2
    assert [line for line in err.splitlines() if str(paths[0]) in line and "no file or folder" in line]
    assert [line for line in err.splitlines() if str(paths[1]) in line and ".gpkg" in line]
    assert not (tmp_path / "new").exists()


def test_init_never_replaces_a_case_unasked(hamlet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = hamlet.read_bytes()
    code, _, err = run("init", hamlet.parent / "roads.gpkg", "-o", hamlet, "-l", "en", capsys=capsys)
    assert code == 2
    assert "--force" in err
    assert hamlet.read_bytes() == before


def test_bad_input_ends_with_two_says_all_and_writes_nothing(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hamlet.parent / "roads.gpkg").unlink()
    text = hamlet.read_text(encoding="utf-8").replace('households = "households"', 'households = "hh"')
    hamlet.write_text(text, encoding="utf-8")
    code, out, err = run("propose", hamlet, "-o", tmp_path / "out", "-l", "en", "--json", capsys=capsys)
    assert code == 2
    assert "roads.gpkg" in err
    assert "hh" in err
    assert json.loads(out)["error"]
    assert not (tmp_path / "out").exists()
    code, _, err = run("propose", hamlet, "-o", tmp_path / "out", capsys=capsys)
    assert code == 2
    assert "文件" in err, "without an option the case's own language is spoken"


def test_policies_are_listed_and_printed_with_clauses(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("policies", "-l", "en", capsys=capsys)
    assert code == 0
    assert "national-2026" in out
    code, out, _ = run("policies", "xian-2023", "-l", "zh", capsys=capsys)
    assert "优化社区规模设置" in out
    assert "1200" in out
    code, _, err = run("policies", "nowhere", "-l", "en", capsys=capsys)
    assert code == 2
    assert "xian-2023" in err


def test_a_size_that_nothing_can_meet_ends_with_three_and_says_why(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = hamlet.read_text(encoding="utf-8")
    text += '\n[overrides]\n"size.min" = { value = 90000, because = "test" }\n"size.max" = { value = 99000, because = "test" }\n'
    text += '"size.target" = { value = 95000, because = "test" }\n"size.alternative_min" = { value = 900000, because = "test" }\n'
    text += '"size.alternative_max" = { value = 990000, because = "test" }\n'
    hamlet.write_text(text, encoding="utf-8")
    code, out, _ = run("propose", hamlet, "-o", tmp_path / "out", "-l", "en", capsys=capsys)
    assert code == 3
    assert "90,000" in out
    assert (tmp_path / "out" / "index.html").exists()


@needs_shared
def test_a_bare_problem_is_solved_to_its_published_optimum(capsys: pytest.CaptureFixture[str]) -> None:
    """32,944.25: Validi, Buchanan, Lykhovyd 2022."""
    instance = INSTANCES / "county2010_NM.json"
    code, out, _ = run("solve", instance, "--objective", "hess_moment", "--json", capsys=capsys)
    assert code == 0
    answer = json.loads(out)
    assert answer["objective"] == pytest.approx(32944.25, abs=0.01)
    assert answer["gap_proved"] < 1e-4
    assert len(answer["assignment"]) == 33


def test_a_bare_problem_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}", encoding="utf-8")
    code, _, err = run("solve", path, "-l", "en", capsys=capsys)
    assert code == 2
    assert "x.json" in err


def test_ctrl_c_keeps_the_best_plan_so_far(
    hamlet: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    solve_jobs = districting.study.run_jobs

    def interrupted(*jobs: Any, **settings: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        return solve_jobs(*jobs, **settings)

    monkeypatch.setattr(districting.study, "run_jobs", interrupted)
    code, out, err = run("propose", hamlet, "-o", tmp_path / "out", "-l", "en", capsys=capsys)
    assert code in (0, 1, 3)
    assert "best plan so far" in err
    assert "index.html" in out
    assert json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))["schema"] == 1


def test_a_killed_run_leaves_the_old_results(hamlet: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text("old", encoding="utf-8")
    command = [sys.executable, "-m", "districting.cli", "propose", str(hamlet), "-o", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3.0)
    process.kill()
    process.wait()
    text = (out / "run.json").read_text(encoding="utf-8")
    assert text == "old" or json.loads(text)["schema"] == 1
