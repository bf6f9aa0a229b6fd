"""Codes of communities: the successor keeps its code, a new one gets a provisional one that was never used.

A code is text of 12 digits: 6 for the district (GB/T 2260), 3 for the sub-district, 3 for the residents' committee
(001–199; 200 and above are villages). Abolished codes stay in the lists and are never given again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

_CODE = re.compile(r"\d{12}")
_PREFIX = 9
#: Numbers of residents' committees inside a sub-district; villages have those above.
LAST_NUMBER = 199


@dataclass(frozen=True)
class CodesGiven:
    """Codes for new communities.

    Parameters
    ----------
    codes
        By ``community_id``; provisional, to be confirmed by the civil-affairs and statistics offices.
    without_codes
        Sub-districts whose communities of today bear no 12-digit codes: there none is given.
    full
        Sub-districts in which no number above the largest ever used is left.
    """

    codes: Mapping[str, str]
    without_codes: tuple[str, ...]
    full: tuple[str, ...]


def is_code(text: object) -> bool:
    """Whether a text is a code of 12 digits.

    Examples
    --------
    >>> is_code("610103001012"), is_code("C012"), is_code(610103001012)
    (True, False, False)
    """
    return isinstance(text, str) and _CODE.fullmatch(text) is not None


def provisional_codes(new: pd.Series[str], today: pd.DataFrame, *, abolished: Iterable[str] = ()) -> CodesGiven:
    """A code for each new community: the next number after the largest ever used in its sub-district.

    Parameters
    ----------
    new
        Index ``community_id`` of the new communities, value ``subdistrict_id``.
    today
        Communities of today, those that end included: ``code``, ``subdistrict_id``.
    abolished
        Codes of communities abolished before.

    Returns
    -------
    CodesGiven
        Given in the order of the ids. The digits of a sub-district are those that most of its communities bear.

    Examples
    --------
    >>> today = pd.DataFrame({"code": ["610103001004", "610103001007"], "subdistrict_id": "S"})
    >>> dict(provisional_codes(pd.Series({"N": "S"}), today, abolished=["610103001009"]).codes)
    {'N': '610103001010'}
    """
    borne = today[today["code"].map(is_code).astype(bool)]
    largest: dict[str, int] = {}
    for code in [*borne["code"], *filter(is_code, abolished)]:
        number = int(code[_PREFIX:])
        if number <= LAST_NUMBER:
            largest[code[:_PREFIX]] = max(largest.get(code[:_PREFIX], 0), number)
    prefixes: dict[str, str] = {}
    for subdistrict, codes in borne.groupby("subdistrict_id")["code"]:
        counted = Counter(code[:_PREFIX] for code in codes)
        prefixes[str(subdistrict)] = min(counted, key=lambda prefix: (-counted[prefix], prefix))
    given: dict[str, str] = {}
    without, full = set(), set()
    for community_id, subdistrict in new.sort_index().items():
        prefix = prefixes.get(str(subdistrict))
        if prefix is None:
            without.add(str(subdistrict))
        elif largest.get(prefix, 0) >= LAST_NUMBER:
            full.add(str(subdistrict))
        else:
            largest[prefix] = largest.get(prefix, 0) + 1
            given[str(community_id)] = f"{prefix}{largest[prefix]:03d}"
    return CodesGiven(given, tuple(sorted(without)), tuple(sorted(full)))
