"""The files of others that our pages carry with them, and the watch that no page asks the network for anything.

Here live reading package data, data URLs and the content policy of a page; what a page shows does not.
"""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources

from districting.errors import DistrictingError

#: Attribution link and XML name spaces inside Leaflet: text, never fetched.
_NEVER_FETCHED = ("http://www.w3.org/", "https://leafletjs.com")

_FETCHES = re.compile(
    r"""(?:<(?:script|img|iframe|source|audio|video|embed|input)\b[^>]*?\bsrc\s*=\s*["']?(?P<src>[^"'\s>]+)
      | <link\b[^>]*?\bhref\s*=\s*["']?(?P<href>[^"'\s>]+)
      | \burl\(\s*["']?(?P<url>[^"')]+)
      | @import\s+["']?(?P<css>[^"'\s;]+)
      | ["'`=(]\s*(?P<absolute>(?:https?|wss?):)//(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?P<path>[^\s"'<>\\)]*))""",
    re.IGNORECASE | re.VERBOSE,
)


class OfflineError(DistrictingError):
    """A page that must work offline names something outside itself: a bug of ours."""


def asset(name: str) -> str:
    """Text of a file under ``reports/assets``, e.g. ``"leaflet/leaflet.js"``."""
    entry = resources.files("districting.reports") / "assets"
    for part in name.split("/"):
        entry = entry / part
    return entry.read_text(encoding="utf-8")


def leaflet_js() -> str:
    """Leaflet 1.9.4 under its licence (BSD 2-Clause), without the pointer to its source map."""
    script = asset("leaflet/leaflet.js").replace("//# sourceMappingURL=leaflet.js.map", "").rstrip()
    return f"/*\n{asset('leaflet/LICENSE').strip()}\n*/\n{script}"


def leaflet_css() -> str:
    """Leaflet's style sheet without its remarks and pictures: our controls and markers bring their own."""
    rules = re.sub(r"/\*.*?\*/", "", asset("leaflet/leaflet.css"), flags=re.DOTALL)
    rules = re.sub(r"background-image:\s*url\(images/[^)]*\);?", "", rules)
    return rules.replace("behavior: url(#default#VML);", "")


def content_hash(text: str) -> str:
    """Source expression of an inline script or style for a Content-Security-Policy."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def outside_addresses(html: str) -> list[str]:
    """Everything in a page that a browser might fetch, sorted; empty for a page that stands alone.

    In scripts every text that starts with an address counts; addresses inside running text, such as the source
    of a policy, and Leaflet's name spaces and attribution are never fetched.

    Examples
    --------
    >>> outside_addresses('<script src="https://cdn.example.org/a.js"></script><img src="data:,x">')
    ['https://cdn.example.org/a.js']
    """
    found = set()
    for match in _FETCHES.finditer(html):
        named = match["src"] or match["href"] or match["url"] or match["css"]
        if named is None:
            named = f"{match['absolute']}//{match['host']}{match['path']}"
        if not named.startswith(("data:", "#", "blob:", *_NEVER_FETCHED)):
            found.add(named)
    return sorted(found)


def require_offline(html: str) -> str:
    """The page itself, if nothing in it points outside.

    Raises
    ------
    OfflineError
        Naming every address that was not inlined.
    """
    outside = outside_addresses(html)
    if outside:
        raise OfflineError(f"the page names {len(outside)} address(es) outside itself: {', '.join(outside[:10])}")
    return html
