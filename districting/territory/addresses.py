"""Addresses made comparable: one spelling for widths, numerals and house words, what lies inside a house left off.

Two keys that are equal name the same house. Keys that differ are only ever *near*, and only where all their
numbers and everything that tells one street from its neighbour (东, 西, 新 …) are the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

_SPELLED = ("〇零", "一壹", "二贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
_DIGITS = {word: value for value, words in enumerate(_SPELLED) for word in words}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_NUMERAL = re.compile(f"[{''.join([*_DIGITS, *_TENS])}]+")

_NOISE = re.compile(r"[\s,，.。;；:：、·'\"“”‘’()（）\[\]【】<>《》_/\\|*]+")
_DASH = re.compile(r"[‐-―−~～至]")
#: A house: its number or letter, and one of the words for it.
_HOUSE = re.compile(r"第?(\d+|(?<![a-z])[a-z])(?:号楼|栋楼|幢楼|座楼|#楼|号院楼|栋|幢|座|#|号|楼)(?!院)")
#: What lies inside a house: entrance, floor, room.
_INSIDE = re.compile(r"(?:(?<=号)-?)?(?:第?\d+|[a-z])(?:单元|门栋|梯)(.*)$|(?<=号)(?:\d+层)?-?\d+(?:室|户|房)$")
_BARE_END = re.compile(r"(?:(?<=[一-鿿])-?)(\d+|[a-z])$")
_NUMBERS = re.compile(r"\d+|[a-z]+")
#: Letters that tell one street or compound from its neighbour.
_TELLING = re.compile("[东西南北中上下前后左右内外新老旧]")

#: Province, city, district, sub-district and community before the street; none of them is needed to find a house.
_REGION = re.compile(
    r"^(?:[一-鿿]{2,8}?(?:省|自治区))?(?:[一-鿿]{2,5}市)?"
    # 家属区, 生活区, 宿舍区 … are compounds, and so is whatever 区 a house follows at once
    r"(?:[一-鿿]{1,4}(?<![小社园新院校景片厂属活舍宅住墅置迁寓])区"
    r"(?!\s*(?:[\d一-鿿]?号|第?[\da-z〇零一二三四五六七八九十百]{1,5}\s*(?:号|栋|幢|座|#|楼))(?![路街巷桥]))"
    r"|[一-鿿]{1,3}县)?"
)


@dataclass(frozen=True)
class Address:
    """An address taken apart.

    Parameters
    ----------
    region
        Province, city and district before the street; empty where it names none.
    key
        Street or compound and house, in the one spelling.
    inside
        Entrance, floor and room, which one house has many of; empty for none.
    """

    region: str
    key: str
    inside: str


def parse_address(text: str) -> Address:
    """An address taken apart.

    Examples
    --------
    >>> parse_address("山秀巷２弄 十二号楼")
    Address(region='', key='山秀巷2弄12号', inside='')
    >>> parse_address("样例市样例区安家小区（一期）3#-2单元501室")
    Address(region='样例市样例区', key='安家小区1期3号', inside='2单元501室')
    >>> parse_address("和平路81号院B座").key, parse_address("和平路81号院b栋").key
    ('和平路81号院b号', '和平路81号院b号')
    """
    plain = _DASH.sub("-", unicodedata.normalize("NFKC", text).lower())
    region = _REGION.match(plain.lstrip())
    where = region[0] if region else ""
    rest = _NOISE.sub("", plain.lstrip()[len(where) :])
    rest = _HOUSE.sub(r"\1号", _NUMERAL.sub(lambda found: str(numeral(found[0])), rest))
    found = _INSIDE.search(rest)
    inside = rest[found.start() :].strip("-") if found else ""
    key = rest[: found.start()] if found else rest
    key = _BARE_END.sub(r"\1号", re.sub(r"(?<=号)-", "", key.strip("-")))
    return Address(_NOISE.sub("", where), key, inside)


def numeral(text: str) -> int:
    """A Chinese numeral as a number; digits in a row are read one by one.

    Examples
    --------
    >>> numeral("十二"), numeral("二百零五"), numeral("二〇一"), numeral("叁拾")
    (12, 205, 201, 30)
    """
    if not any(word in _TENS for word in text):
        return int("".join(str(_DIGITS[word]) for word in text))
    total, digit = 0, None
    for word in text:
        if word in _TENS:
            total += (1 if digit is None and not total else digit or 0) * _TENS[word]
            digit = None
        else:
            digit = _DIGITS[word]
    return total + (digit or 0)


def house_number(key: str) -> str:
    """The last house of a key: ``12号`` of ``山秀巷2弄12号``; empty for none.

    Examples
    --------
    >>> house_number("山秀巷2弄12号"), house_number("山秀巷")
    ('12号', '')
    """
    found = re.search(r"(?:\d+|[a-z])号$", key)
    return found[0] if found else ""


class NearKeys:
    """Finds the keys that are near a key: the same numbers and telling letters, the names alike.

    Parameters
    ----------
    keys
        To look among.
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._alike: dict[tuple[object, ...], list[str]] = {}
        for key in sorted(set(keys)):
            self._alike.setdefault(_telling(key), []).append(key)

    def near(self, key: str, *, score: float) -> list[tuple[str, float]]:
        """Keys at least so alike, the most alike first.

        Parameters
        ----------
        score
            Of 100: shared letters of the names, twice, over the letters of both (normalised indel similarity).

        Examples
        --------
        >>> NearKeys(["安家小区3号", "安居小区3号", "东安家小区3号"]).near("安家花园小区3号", score=70)
        [('安家小区3号', 80.0)]
        """
        choices = self._alike.get(_telling(key), [])
        found = process.extract(
            _name(key), [_name(one) for one in choices], scorer=fuzz.ratio, score_cutoff=score, limit=None
        )
        told = [(choices[place], round(float(alike), 1)) for _, alike, place in found]
        return sorted(told, key=lambda pair: (-pair[1], pair[0]))


def _telling(key: str) -> tuple[object, ...]:
    """What two near keys must share."""
    return (*_NUMBERS.findall(key), tuple(_TELLING.findall(key)))


def _name(key: str) -> str:
    """A key without its house; numbers in a name are all alike here, since they are compared apart."""
    return re.sub(r"(?:0(?:号院|号|弄|院)?)+$", "", _NUMBERS.sub("0", key))
