"""House numbers as people list them: "武威东路888弄1-3号、5号". A run holds every number in it, none else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

#: What comes before the last number of an address, the number (never with leading zeros), and its kind.
_LAST_NUMBER = re.compile(r"^(?P<place>.*?\D)(?P<number>[1-9]\d{0,4})(?P<kind>号楼|号院|号|幢|栋|座|弄|室)$")
_STREET = re.compile(r"^[^\d]+")


def street_of(address: str) -> str:
    """The street or compound that an address begins with; the whole where it has no number.

    Examples
    --------
    >>> street_of("武威东路888弄1号"), street_of("兴庆宫")
    ('武威东路', '兴庆宫')
    """
    found = _STREET.match(address)
    return found.group() if found else address


def listed_numbers(addresses: Iterable[str], *, comma: str = "、", semicolon: str = "；") -> str:
    """Addresses in one line, consecutive numbers of one place as a run; what bears no such number stays as it is.

    Examples
    --------
    >>> listed_numbers(["武威东路888弄5号", "武威东路888弄1号", "武威东路888弄2号", "武威东路888弄3号", "兴庆宫"])
    '兴庆宫；武威东路888弄1-3号、5号'
    >>> listed_numbers(["安家小区2幢", "安家小区1幢", "安家小区7号"])
    '安家小区7号；安家小区1-2幢'
    """
    places: dict[tuple[str, str], set[int]] = {}
    whole: set[str] = set()
    for address in addresses:
        found = _LAST_NUMBER.match(address)
        if found is None:
            whole.add(address)
            continue
        places.setdefault((found["place"], found["kind"]), set()).add(int(found["number"]))
    told = [(name, name) for name in whole]
    told += [(place, place + _runs(numbers, kind, comma)) for (place, kind), numbers in _in_order(places)]
    return semicolon.join(text for _, text in sorted(told, key=lambda pair: pair[0]))


def _in_order(places: Mapping[tuple[str, str], set[int]]) -> list[tuple[tuple[str, str], list[int]]]:
    """Places in order, each with its numbers in order."""
    return [(key, sorted(places[key])) for key in sorted(places)]


def _runs(numbers: list[int], kind: str, comma: str) -> str:
    """Numbers in order as runs."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return comma.join(f"{run[0]}{kind}" if len(run) == 1 else f"{run[0]}-{run[-1]}{kind}" for run in runs)
