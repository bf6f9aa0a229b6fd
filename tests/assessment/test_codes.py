"""Provisional codes: 12 digits, after the largest ever used, and never one that somebody has borne."""

from __future__ import annotations

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from districting.assessment.codes import provisional_codes

S, T = "610103001", "610103002"


def people(**codes: str | None) -> pd.DataFrame:
    """Communities of today by id; the sub-district is what stands before the underscore."""
    table = pd.DataFrame({"code": pd.Series(codes, dtype=object)})
    table["subdistrict_id"] = [key.partition("_")[0] for key in table.index]
    return table


def test_a_new_community_gets_the_number_after_the_largest_of_its_subdistrict() -> None:
    today = people(S_1=f"{S}003", S_2=f"{S}011", T_1=f"{T}001")
    found = provisional_codes(pd.Series({"n2": "S", "n1": "S", "m": "T"}), today)
    assert found.codes == {"n1": f"{S}012", "n2": f"{S}013", "m": f"{T}002"}


def test_a_number_that_was_abolished_is_used_up() -> None:
    found = provisional_codes(pd.Series({"n": "S"}), people(S_1=f"{S}003"), abolished=[f"{S}007", f"{T}150"])
    assert found.codes == {"n": f"{S}008"}


def test_villages_have_numbers_of_their_own() -> None:
    found = provisional_codes(pd.Series({"n": "S"}), people(S_1=f"{S}003", S_2=f"{S}204"))
    assert found.codes == {"n": f"{S}004"}


def test_where_today_has_no_codes_none_is_made_up() -> None:
    found = provisional_codes(pd.Series({"n": "S", "m": "T"}), people(S_1="C012", S_2=None, T_1=f"{T}001"))
    assert (found.codes, found.without_codes) == ({"m": f"{T}002"}, ("S",))


def test_after_199_there_is_no_number_left() -> None:
    found = provisional_codes(pd.Series({"a": "S", "b": "S"}), people(S_1=f"{S}198"))
    assert (found.codes, found.full) == ({"a": f"{S}199"}, ("S",))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sets(st.integers(0, 30)), st.integers(0, 3), st.sampled_from("ST")), max_size=8))
def test_over_many_reforms_no_code_is_ever_borne_by_two(reforms: list[tuple[set[int], int, str]]) -> None:
    now = {"S_1": f"{S}001", "S_2": f"{S}005", "T_1": f"{T}009"}
    borne, abolished, born = dict(now), list[str](), 0
    for ending, founded, where in reforms:
        new = pd.Series({f"{where}_n{born + k}": where for k in range(founded)}, dtype=object)
        born += founded
        found = provisional_codes(new, people(**now), abolished=abolished)
        assert not set(found.codes.values()) & set(borne.values())
        gone = [key for k, key in enumerate(sorted(now)) if k in ending]
        abolished += [now.pop(key) for key in gone]
        now |= found.codes
        borne |= found.codes
        assert len(set(borne.values())) == len(borne)
