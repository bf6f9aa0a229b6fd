"""Figures and arrays as one compressed block inside a page, read there by ``assets/payload.js``."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import numpy.typing as npt


class Payload:
    """A box of whole numbers with a JSON letter on top.

    `put` returns the slip that stands for an array in the letter; `sealed` is the text that goes into the page:
    base64 of gzip of: length of the letter (uint32, little endian), the letter (UTF-8), the arrays one after
    another. An array of n numbers is 4 n bytes: each number with its sign in the last bit (0, −1, 1, −2 …), first
    the lowest bytes of all, then the second ones, and so on: small numbers leave long runs of zeros, which
    compress best.
    """

    def __init__(self) -> None:
        self._arrays: list[bytes] = []
        self._size = 0

    def put(self, values: npt.ArrayLike) -> dict[str, Any]:
        """Slip of an array of whole numbers, at most ±2³⁰."""
        array = np.asarray(values).ravel().astype(np.int64)
        unsigned = ((array << 1) ^ (array >> 63)).astype("<u4")
        slip = {"array": "i4", "at": self._size, "n": int(array.size)}
        raw = np.ascontiguousarray(unsigned.view(np.uint8).reshape(-1, 4).T).tobytes()
        self._arrays.append(raw)
        self._size += len(raw)
        return slip

    def put_points(self, xy: npt.NDArray[np.float64], origin: tuple[float, float]) -> dict[str, Any]:
        """Slip of points, shape (p, 2), as differences in decimetres from point to point: they compress best."""
        decimetres = np.rint((np.asarray(xy).reshape(-1, 2) - np.asarray(origin)) * 10).astype(np.int64)
        return self.put(np.diff(decimetres, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)))

    def sealed(self, letter: dict[str, Any]) -> str:
        """Letter and arrays as text. The same content gives the same text."""
        text = json.dumps(letter, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")
        raw = np.uint32(len(text)).astype("<u4").tobytes() + text + b"".join(self._arrays)
        return base64.b64encode(gzip.compress(raw, compresslevel=9, mtime=0)).decode("ascii")
