"""The shift of Chinese web maps (GCJ-02), as far as it is needed to suspect it in data.

Only the shift's size and direction at a place; coordinates are never converted silently.
"""

from __future__ import annotations

import math

#: Krasovsky 1940 ellipsoid, which the published form of the shift is written in.
_A, _E2 = 6378245.0, 0.00669342162296594323


def shift_deg(longitude: float, latitude: float) -> tuple[float, float]:
    """How far GCJ-02 lies from WGS 84 at a place in China, in degrees of longitude and latitude.

    The polynomial with sine terms that open implementations agree on (e.g. eviltransform); about 1 m accurate.

    Examples
    --------
    In Beijing (116.404, 39.915) GCJ-02 lies at (116.41024, 39.91640):

    >>> [round(part, 4) for part in shift_deg(116.404, 39.915)]
    [0.0062, 0.0014]
    """
    x, y = longitude - 105.0, latitude - 35.0
    wave = (20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)) * 2.0 / 3.0
    root = math.sqrt(abs(x))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi)) * 2.0 / 3.0
    north += (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi)) * 2.0 / 3.0
    east += (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi)) * 2.0 / 3.0
    phi = math.radians(latitude)
    magic = 1 - _E2 * math.sin(phi) ** 2
    meridian = (_A * (1 - _E2)) / (magic * math.sqrt(magic))
    parallel = _A / math.sqrt(magic) * math.cos(phi)
    return math.degrees(east / parallel), math.degrees(north / meridian)
