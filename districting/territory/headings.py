"""Column names of other people's files, in Chinese and English, and what they most likely mean.

Only `districting init` and tables without stated coordinates rely on a guess; a case names its columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from districting.territory.specs import Role
from districting.territory.words import column_words

#: Coordinates of tables: pairs of names for x and y, best first.
_PLACES = (
    ("x", "y"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("经度", "纬度"),
    ("x坐标", "y坐标"),
    ("坐标x", "坐标y"),
    ("东坐标", "北坐标"),
    ("easting", "northing"),
    ("point_x", "point_y"),
    ("xcoord", "ycoord"),
    ("中心经度", "中心纬度"),
)
_SHAPES = ("geometry", "wkt", "geom", "the_geom", "几何")

#: What in a layer's or file's name tells its role; looked for in this order.
_ROLE_MARKS: tuple[tuple[Role, str], ...] = (
    ("planned", r"planned|pipeline|future|规划住宅|在建|待建|规划项目|储备"),
    ("zones", r"zone|catchment|precinct|学区|警务|片区"),
    ("facilities", r"facilit|centre|center|service_point|office|用房|服务中心|服务站|设施|办公"),
    ("subdistricts", r"sub_?district|jiedao|街道|街镇|镇街|neighbou?rhood"),
    ("communities", r"communit|shequ|社区|居委"),
    ("compounds", r"compound|xiaoqu|小区|楼盘|estate"),
    ("buildings", r"building|bldg|house|address|楼栋|楼房|建筑|房屋|住宅|门牌|户"),
    ("barriers", r"barrier|rail|river|water|wall|障碍|铁路|河|水系|水域|城墙|围墙"),
    ("roads", r"road|street|highway|道路|路网|路$|街路"),
)
_NOT_ROLES = re.compile(r"block|grid|parcel|街区|地块|网格", re.IGNORECASE)

_SHAPES_OF: Mapping[Role, str] = {
    "planned": "point polygon",
    "zones": "polygon",
    "facilities": "point polygon",
    "subdistricts": "polygon",
    "communities": "polygon",
    "compounds": "polygon",
    "buildings": "point polygon",
    "barriers": "line polygon",
    "roads": "line",
}


def place_columns(names: Iterable[object]) -> dict[str, str]:
    """Which columns of a table hold the place: ``x`` and ``y``, or ``geometry``; empty if none do.

    Examples
    --------
    >>> place_columns(["楼栋", "经度", "纬度"])
    {'x': '经度', 'y': '纬度'}
    """
    known = _by_plain_name(names)
    for x, y in _PLACES:
        if x in known and y in known:
            return {"x": known[x], "y": known[y]}
    shape = next((known[name] for name in _SHAPES if name in known), None)
    return {"geometry": shape} if shape else {}


def guess_columns(role: Role, names: Iterable[object]) -> dict[str, str]:
    """Our name → theirs, for the columns of a role that can be recognised.

    Examples
    --------
    >>> guess_columns("buildings", ["楼栋编号", "常住户数", "所属社区", "备注"])
    {'building_id': '楼栋编号', 'households': '常住户数', 'community_id': '所属社区'}
    """
    known = _by_plain_name(names)
    guessed: dict[str, str] = {}
    for ours, candidates in column_words(role).items():
        theirs = next((known[plain] for name in candidates if (plain := _plain(name)) in known), None)
        if theirs is not None:
            guessed[ours] = theirs
    return guessed


def guess_role(*, layer: str, file: str, geometry: str, names: Iterable[object]) -> Role | None:
    """The role that a layer most likely plays; None where nothing speaks for one.

    Parameters
    ----------
    layer, file
        Names of the layer and of the file; the layer's counts first.
    geometry
        ``point``, ``line`` or ``polygon``.
    names
        Of the columns.

    Examples
    --------
    >>> guess_role(layer="road_main", file="city.gdb", geometry="line", names=["道路等级"])
    'roads'
    >>> guess_role(layer="blocks", file="blocks.gpkg", geometry="polygon", names=["households"]) is None
    True
    """
    columns = list(names)
    for text in (layer, file):
        if _NOT_ROLES.search(text):
            return None
        for role, mark in _ROLE_MARKS:
            if re.search(mark, text, re.IGNORECASE) and geometry in _SHAPES_OF[role]:
                return role
    if geometry == "line":
        return "roads" if "road_class" in guess_columns("roads", columns) else None
    found = guess_columns("buildings", columns)
    return "buildings" if geometry == "point" and {"households", "dwellings"} & set(found) else None


def _by_plain_name(names: Iterable[object]) -> dict[str, str]:
    """Plain form of each name → the name; the first of equals stands."""
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(_plain(str(name)), str(name))
    return known


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.()（）/]+", "", name.strip().lower())
