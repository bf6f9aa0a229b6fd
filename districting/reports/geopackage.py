"""A GeoPackage of several layers with QGIS styles inside, the same bytes for the same content."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import pyogrio

from districting.reports.colours import PALETTE

#: Every time stamp in the file: a GeoPackage must have one, equal runs must not differ.
_TIME = "2000-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Style:
    """How QGIS draws a layer when it opens the file.

    Parameters
    ----------
    kind
        ``fill_by_colour`` (column ``colour`` is a position in `PALETTE`), ``line`` (outline only), ``point``,
        ``hatch``.
    label
        Column written on each feature; empty for none.
    """

    kind: Literal["fill_by_colour", "line", "point", "hatch"]
    label: str = ""
    fill: str = "#ffffff"
    outline: str = "#1d2733"
    width_mm: float = 0.3
    size_mm: float = 2.0


def write_geopackage(
    path: Path,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    styles: Mapping[str, Style],
    titles: Mapping[str, str],
) -> None:
    """Write the layers in their order, with a ``layer_styles`` table as QGIS keeps it.

    Parameters
    ----------
    titles
        By layer: the name that people read (``gpkg_contents.description``).
    """
    for name, layer in layers.items():
        geometry_type = _geometry_type(layer)
        with warnings.catch_warnings():
            # A layer without features has no type to read off; it is given below.
            warnings.simplefilter("ignore", UserWarning)
            pyogrio.write_dataframe(
                layer.reset_index(drop=True),
                path,
                layer=name,
                driver="GPKG",
                append=path.exists(),
                geometry_type=geometry_type,
                promote_to_multi=geometry_type.startswith("Multi"),
                layer_options={"GEOMETRY_NAME": "geom", "DESCRIPTION": titles.get(name, name)},
            )
    with closing(sqlite3.connect(path)) as file, file:
        _write_styles(file, layers, styles)
        file.execute("UPDATE gpkg_contents SET last_change = ?", (_TIME,))
    with closing(sqlite3.connect(path)) as file:
        file.execute("VACUUM")


def _geometry_type(layer: gpd.GeoDataFrame) -> str:
    """Points stay points; land is told as MultiPolygon throughout, as QGIS expects one type per layer."""
    kinds = set(layer.geom_type.dropna())
    return "Point" if kinds == {"Point"} else "MultiPolygon"


def _write_styles(
    file: sqlite3.Connection, layers: Mapping[str, gpd.GeoDataFrame], styles: Mapping[str, Style]
) -> None:
    """The table in which QGIS looks for the default style of each layer."""
    file.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
        "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), "
        "styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), "
        "update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"
    )
    file.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
        (_TIME,),
    )
    for name in layers:
        file.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
            "styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, '', 1, '', '', ?)",
            (name, name, qml(styles[name]), _TIME),
        )


def qml(style: Style) -> str:
    """A QGIS style document (version 3) for one layer."""
    symbols, categories = [], []
    if style.kind == "fill_by_colour":
        for shade, colour in enumerate(PALETTE):
            symbols.append(_symbol(str(shade), "fill", "SimpleFill", _fill(style, colour)))
            categories.append(f'<category value="{shade}" type="long" symbol="{shade}" label="" render="true"/>')
        renderer = (
            '<renderer-v2 type="categorizedSymbol" attr="colour" enableorderby="0" forceraster="0">'
            f"<categories>{''.join(categories)}</categories><symbols>{''.join(symbols)}</symbols></renderer-v2>"
        )
    else:
        if style.kind == "point":
            symbol = _symbol("0", "marker", "SimpleMarker", _marker(style))
        elif style.kind == "hatch":
            symbol = _symbol("0", "fill", "SimpleFill", {**_fill(style, style.fill), "style": "b_diagonal"})
        else:
            symbol = _symbol("0", "fill", "SimpleFill", {**_fill(style, style.fill), "style": "no"})
        renderer = f'<renderer-v2 type="singleSymbol" enableorderby="0"><symbols>{symbol}</symbols></renderer-v2>'
    labels = _labels(style.label) if style.label else ""
    enabled = "1" if style.label else "0"
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        f'<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="{enabled}">'
        f"{renderer}{labels}</qgis>"
    )


def _fill(style: Style, colour: str) -> dict[str, str]:
    return {
        "color": _rgba(colour),
        "outline_color": _rgba(style.outline),
        "outline_width": str(style.width_mm),
        "outline_width_unit": "MM",
        "outline_style": "solid",
        "style": "solid",
    }


def _marker(style: Style) -> dict[str, str]:
    return {
        "name": "circle",
        "color": _rgba(style.fill),
        "outline_color": _rgba(style.outline),
        "outline_style": "solid" if style.outline == "#ffffff" else "no",
        "size": str(style.size_mm),
        "size_unit": "MM",
    }


def _symbol(name: str, kind: str, layer: str, options: Mapping[str, str]) -> str:
    """One symbol; both the old ``prop`` and the new ``Option`` form, so that QGIS 3.4 to 3.40 read it."""
    old = "".join(f"<prop k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in options.items())
    new = "".join(
        f'<Option name={quoteattr(key)} value={quoteattr(value)} type="QString"/>'
        for key, value in options.items()
    )
    return (
        f'<symbol name="{name}" type="{kind}" alpha="1" clip_to_extent="1"><layer class="{layer}" enabled="1" '
        f'locked="0" pass="0"><Option type="Map">{new}</Option>{old}</layer></symbol>'
    )


def _labels(column: str) -> str:
    """Names in dark ink with a white halo, placed by QGIS inside the land."""
    return (
        f'<labeling type="simple"><settings calloutType="simple"><text-style fieldName={quoteattr(column)} '
        'fontSize="9" fontSizeUnit="Point" fontFamily="Microsoft YaHei" textColor="29,39,51,255" isExpression="0">'
        '<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="255,255,255,255"/>'
        '</text-style><placement placement="1" centroidInside="1" centroidWhole="0"/></settings></labeling>'
    )


def _rgba(colour: str) -> str:
    """``#rrggbb`` as QGIS writes it."""
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + ",255"
