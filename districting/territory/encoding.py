"""Text at the door: which encoding a table is in, and text that was decoded with the wrong one."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from districting.errors import Fault, LayerError
from districting.territory.damage import file_fault, rows_fault

#: Letters of a one-byte code page for bytes above 127; Chinese that is read as one comes in runs of them.
_HIGH = re.compile(
    "[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]+"
)
_HAN = re.compile("[\u4e00-\u9fff]")
#: What is left when text was lost: the replacement letter, and UTF-8's replacement letters read as GBK.
_LOST = re.compile("\ufffd|锟斤拷|烫烫烫")


def file_text(path: Path, *, encoding: str | None, file: str) -> str:
    """Content of a text file.

    Parameters
    ----------
    encoding
        As the case states; None: UTF-16 where the file begins with its mark, else UTF-8 is tried, then GB18030,
        which holds GBK and GB2312.
    file
        Name for the sentences.

    Raises
    ------
    LayerError
        If the bytes are in none of these.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LayerError([file_fault(path, error, file=file)]) from error
    guesses = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for tried in (encoding,) if encoding else guesses:
        try:
            return content.decode(tried)
        except (UnicodeDecodeError, LookupError):
            continue
    damage = file_fault(path, file=file)
    if damage.key != "fault.file_damaged":  # no text at all
        raise LayerError([damage])
    raise LayerError([Fault("fault.layer_bytes", {"file": file, "tried": encoding or "UTF-8, GB18030"})])


def table_text(path: Path, *, encoding: str | None, file: str) -> pd.DataFrame:
    """Rows of a CSV file, every cell text, empty cells missing.

    Parameters
    ----------
    path
        Comma, semicolon or tab separated, with one line of headings.
    encoding
        As the case states; None: found out (`file_text`).
    file
        Name for the sentences.

    Raises
    ------
    LayerError
        If the bytes are in neither encoding, or the rows do not fit the headings.
    """
    text = file_text(path, encoding=encoding, file=file)
    heading = text.split("\n", 1)[0]
    separator = max((",", ";", "\t"), key=heading.count)
    try:
        rows = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skipinitialspace=True,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        empty = isinstance(error, pd.errors.EmptyDataError)
        why = str(error)
        wrong = (
            file_fault(path, error, file=file)
            if empty
            else rows_fault(text, separator=separator, file=file, why=why)
        )
        raise LayerError([wrong]) from error
    return rows.rename(columns=lambda name: str(name).strip())


def mend_text(table: gpd.GeoDataFrame, *, values: dict[str, Any]) -> tuple[gpd.GeoDataFrame, list[Fault]]:
    """The table with Chinese text that was read as a one-byte code page decoded, and a note where it was.

    Shapefiles without ``.cpg`` are the usual case. The test is of the whole table: bytes above 127 must come in
    runs, decode without a fault, and give Chinese letters; so accented Latin text is left alone.

    Parameters
    ----------
    table
        As read.
    values
        ``role``, ``file`` and ``layer``, for the sentences.

    Raises
    ------
    LayerError
        If text is lost, or Chinese was read with the wrong Chinese encoding.
    """
    texts = [name for name in table.columns if name != table.geometry.name and _is_text(table[name])]
    distinct = {name: pd.unique(table[name].dropna()) for name in texts}
    words = [str(name) for name in table.columns] + [word for name in texts for word in distinct[name]]
    words = [word for word in words if isinstance(word, str) and not word.isascii()]
    if not words:
        return table, []
    encoding = _true_encoding(words)
    if encoding is None:
        garbage = [word for word in words if _LOST.search(word)] or _crossed(words)
        if garbage:
            told = {**values, "count": len(garbage), "examples": ", ".join(garbage[:3])}
            raise LayerError([Fault("fault.layer_mojibake", told)])
        return table, []
    mended = table.rename(columns={name: _redecoded(str(name), encoding) for name in table.columns})
    for name in texts:
        ours = _redecoded(str(name), encoding)
        translation = {word: _redecoded(word, encoding) for word in distinct[name] if isinstance(word, str)}
        mended[ours] = table[name].map(lambda word, known=translation: known.get(word, word), na_action="ignore")
    examples = [_redecoded(word, encoding) for word in words[:3]]
    told = {**values, "encoding": encoding.upper(), "examples": ", ".join(examples)}
    return mended, [Fault("note.layer_decoded", told, severity="warning")]


def _is_text(column: pd.Series) -> bool:
    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def _true_encoding(words: list[str]) -> str | None:
    """The encoding that words read as a one-byte code page are in; None if they are what they seem."""
    runs = [run for word in words for run in _HIGH.findall(word)]
    if not runs or sum(map(len, (run for run in runs if len(run) > 1))) < 0.9 * sum(map(len, runs)):
        return None
    raw = [_bytes(word) for word in words if _HIGH.search(word)]
    for encoding in ("utf-8", "gb18030"):
        # a field cut to its width may end inside a letter: up to three bytes at the end are forgiven
        texts = [_decoded(word, encoding) for word in raw if word is not None]
        whole = [text for text in texts if text is not None]
        if len(whole) == len(raw) and sum(bool(_HAN.search(text)) for text in whole) > 0.8 * len(whole):
            return encoding
    return None


def _bytes(word: str) -> bytes | None:
    """The bytes behind a word that was read as ISO 8859-1 or Windows 1252."""
    for page in ("latin-1", "cp1252"):
        try:
            return word.encode(page)
        except UnicodeEncodeError:
            continue
    return None


def _decoded(raw: bytes, encoding: str) -> str | None:
    for spare in range(4):
        try:
            return raw[: len(raw) - spare].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _redecoded(word: str, encoding: str) -> str:
    raw = _bytes(word) if _HIGH.search(word) else None
    text = _decoded(raw, encoding) if raw is not None else None
    return word if text is None else text


def _crossed(words: list[str]) -> list[str]:
    """Words that are UTF-8 read as GBK: most of the longer Chinese words turn into other Chinese as UTF-8."""
    candidates = [word for word in words if len(_HAN.findall(word)) >= 3]
    crossed = []
    for word in candidates:
        text = word.encode("gb18030", "replace").decode("utf-8", "replace")
        # Chinese in GBK hardly ever gives valid UTF-8; an odd byte at the end of a letter may have been lost
        if len(_HAN.findall(text)) > 2 * text.count("\ufffd"):
            crossed.append(word)
    return crossed if crossed and len(crossed) > 0.5 * len(candidates) else []
