"""Chinese names for the sample: drawn from lists of common syllables, so that no real place is meant."""

from __future__ import annotations

import numpy as np

#: Said by every layer of the sample about itself.
SOURCE = "合成数据（程序生成，非真实地点）"

TOWN = "样例市"

_FIRST = (
    "安翠春东枫福光桂海和恒虹湖华嘉金锦景菊康兰乐丽莲临龙绿梅民明宁平清"
    "庆瑞山盛双松泰桃天同文梧西祥新星杏秀旭学雅杨瑶永玉园月云泽振竹"
)
_SECOND = (
    "安宝滨昌晨池川德丰府岗港冠湖华辉集家江景康兰乐林岭隆苑茂门民明宁坪"
    "坡泉荣瑞山盛台堂塘桐湾旺溪祥兴秀阳怡英源园月泽洲庄"
)
_ESTATE = ("小区", "花园", "家园", "苑", "新村", "名邸", "公寓", "雅居", "府", "庭", "华庭", "里")
_LANE = ("巷", "里", "弄", "胡同", "支路")
_PHASES = ("一期", "二期", "三期", "四期")

#: Streets that run through the whole town.
_GREAT = {
    "ring-west": "环城西路",
    "ring-east": "环城东路",
    "ring-south": "环城南路",
    "ring-north": "环城北路",
    "outer-ring-south": "南郊路",
    "outer-ring-north": "北郊路",
    "bank-west": "滨河西路",
    "bank-east": "滨河东路",
    "viaduct": "环城北路高架",
    "river": "样例河",
    "rail": "样例铁路",
}


class Names:
    """Hands out names, each once.

    Parameters
    ----------
    rng
        Decides the order; the same seed gives the same names.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        pairs = [a + b for a in _FIRST for b in _SECOND if a != b]
        self._pairs = [pairs[i] for i in rng.permutation(len(pairs))]
        self._used = dict.fromkeys(("estate", "street", "lane", "place"), 0)

    def place(self) -> str:
        """Stem of a sub-district's or community's name."""
        return self._next("place", ("",))

    def estate(self) -> str:
        """Name of a gated compound."""
        return self._next("estate", _ESTATE)

    def street(self, key: str, road_class: str) -> str:
        """Name of a street by its key and class."""
        if key in _GREAT:
            return _GREAT[key]
        if road_class in ("residential", "pedestrian"):
            return self._next("lane", _LANE)
        if road_class == "primary":
            return self._next("street", ("大道", "大街"))
        return self._next("street", ("路", "街"))

    def _next(self, kind: str, endings: tuple[str, ...]) -> str:
        """The next stem of this kind, with an ending; stems come again with another ending."""
        n = self._used[kind]
        self._used[kind] += 1
        turn, at = divmod(n, len(self._pairs))
        # Each kind starts elsewhere in the list, so that streets and communities seldom share a stem.
        start = list(self._used).index(kind) * len(self._pairs) // len(self._used)
        stem: str = self._pairs[(start + at) % len(self._pairs)]
        return stem + endings[(n + turn) % len(endings)]


def great_name(key: str) -> str:
    """Name of the river, the railway or a street that runs through the whole town."""
    return _GREAT[key]


def phase(part: int) -> str:
    """Name of the phase of a compound: 一期, 二期 and so on."""
    return _PHASES[part]


def numeral(n: int) -> str:
    """Chinese numeral of 1 to 9, as in 样例一区."""
    return "一二三四五六七八九"[n - 1]
