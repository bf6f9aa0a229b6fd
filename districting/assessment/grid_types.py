"""What kind of grid each is: mixed (杂居型), work-unit (单位型) or property-managed (物业型).

The document names the three and defines none. Ours: the kind of land on which most of a grid's households live.
Work-unit land is told by name, since no layer says so: the compound's name first, else the building's address.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from districting.plans.grids import Grids
from districting.territory.layers import Layers

#: Words by which people call housing that a work unit owns or runs.
UNIT_WORDS = (
    "家属院",
    "家属区",
    "家属楼",
    "职工",
    "宿舍",
    "单位",
    "大院",
    "机关",
    "干休所",
    "部队",
    "营区",
    "厂区",
    "生活区",
    "大学",
    "学院",
    "学校",
    "中学",
    "小学",
    "医院",
    "研究所",
    "研究院",
    "设计院",
    "机务段",
    "矿务局",
)
#: Endings: "纺织厂" is a work unit, "厂前路" is not.
UNIT_ENDINGS = ("厂", "局", "所", "院", "公司", "集团", "矿", "段")
#: Not of a work unit, though they end or read like one: trade names of housing.
_HOUSING = re.compile(r"(小区|花园|家园|苑|公寓|雅居|华庭|名邸|新村)$")
_STREETS = re.compile(r"[^路街巷道弄]*[路街巷道弄]")
_UNIT = re.compile("|".join(UNIT_WORDS))
_ENDING = re.compile(f"({'|'.join(UNIT_ENDINGS)})$")

#: Kinds in the order in which an equal share is settled.
TYPES = ("property_managed", "work_unit", "mixed")
#: More than this share of the households decides the type; else the grid is mixed.
DECIDING_SHARE = 0.5


def is_work_unit(name: str) -> bool:
    """Whether a compound's name is that of a work unit's housing.

    Examples
    --------
    >>> [is_work_unit(name) for name in ("棉纺厂家属院", "纺织厂", "师范大学", "厂前花园", "梅园小区", "")]
    [True, True, True, False, False, False]
    """
    return bool(name) and not _HOUSING.search(name) and bool(_UNIT.search(name) or _ENDING.search(name))


def is_work_unit_address(address: str) -> bool:
    """Whether an address names a work unit's housing; names of streets do not count.

    Examples
    --------
    >>> [is_work_unit_address(text) for text in ("建设路5号棉纺厂家属院3号楼", "学院路12号", "")]
    [True, False, False]
    """
    return bool(_UNIT.search(_STREETS.sub("", address)))


def kinds_of_buildings(layers: Layers) -> pd.Series[str]:
    """Kind of land that each building stands on: one of `TYPES`; index ``building_id``.

    In a compound: work unit by the compound's name, else property-managed. Elsewhere: work unit by the address,
    else mixed.
    """
    buildings = layers.buildings
    compound = buildings["compound_id"]
    names = layers.compounds["name"] if "name" in layers.compounds else pd.Series(dtype=object)
    known = compound.map(names.dropna()).astype(object)
    named = known.where(known.notna(), compound.astype(object).where(compound.notna(), "")).astype(str)
    unit = {name for name in named.unique() if is_work_unit(name)}
    addresses = buildings["address"].astype(object).where(buildings["address"].notna(), "").astype(str)
    told = np.array([is_work_unit_address(text) for text in addresses], dtype=bool)
    kind = np.where(compound.notna(), "property_managed", np.where(told, "work_unit", "mixed"))
    kind = np.where(compound.notna() & named.isin(unit), "work_unit", kind)
    return pd.Series(kind, index=buildings.index, dtype=object)


def grid_types(grids: Grids, layers: Layers) -> pd.DataFrame:
    """Type of each grid, and the shares of households that decide it.

    Returns
    -------
    DataFrame
        Index ``grid_id``. ``type``: that on whose land more than half of the grid's households live, else mixed.
        ``share_property_managed``, ``share_work_unit`` in [0, 1]; 0 where nobody lives.
    """
    kinds = kinds_of_buildings(layers)
    homes = layers.buildings["households"]
    whole = grids.total(homes)
    table = pd.DataFrame({"type": "mixed"}, index=grids.outlines.index)
    for kind in ("work_unit", "property_managed"):
        held = grids.total(homes.where(kinds == kind, 0))
        share = np.divide(held, whole, out=np.zeros_like(whole), where=whole > 0)
        table[f"share_{kind}"] = share
        table.loc[share > DECIDING_SHARE, "type"] = kind
    return table[["type", "share_property_managed", "share_work_unit"]]
