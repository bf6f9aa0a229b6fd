"""The compare page as the server shows it: the same file, with titles of drafts and our own script beside it."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from districting.reports.vendored import asset

_PAYLOAD = re.compile(r'(<script[^>]*\bid="payload"[^>]*>)(.*?)(</script>)', re.DOTALL)
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">\n?')

#: Files of the page that the server hands out, with their types.
ASSETS: Mapping[str, str] = {
    "live.js": "text/javascript; charset=utf-8",
    "live.css": "text/css; charset=utf-8",
    "plain.css": "text/css; charset=utf-8",
}

#: Scripts that make up ``live.js``, in this order: the page's own building blocks, then ours.
_PAGE_SCRIPTS = ("payload.js", "elements.js", "language.js", "scene.js", "locks.js")
_SCRIPTS = (
    "server.js",
    "dialogs.js",
    "relabel.js",
    "painting.js",
    "desk.js",
    "adoption.js",
    "bridge.js",
    "following.js",
    "talking.js",
    "asking.js",
    "editing.js",
    "live.js",
)


@dataclass(frozen=True)
class LivePage:
    """A page and the content policy it is sent with."""

    html: str
    policy: str


def live_page(page: str, *, titles: Mapping[str, str]) -> LivePage:
    """The compare page made live.

    Its content policy moves from the page to the header of the answer, and also lets in our own script, style and
    server; nothing else.

    Parameters
    ----------
    page
        Text of ``index.html``.
    titles
        By id of plan: titles of drafts, that stand in the page by their id.

    Raises
    ------
    ValueError
        If this is no compare page.
    """
    found = _POLICY.search(page)
    if found is None or _PAYLOAD.search(page) is None:
        raise ValueError("no compare page of this program")
    rules = dict(rule.strip().split(" ", 1) for rule in html.unescape(found[1]).split(";") if rule.strip())
    for name in ("script-src", "style-src"):
        rules[name] = f"{rules.get(name, '')} 'self'".strip()
    rules |= {"connect-src": "'self'", "frame-ancestors": "'none'", "form-action": "'none'", "base-uri": "'none'"}
    text = _POLICY.sub("", titled_page(page, titles=titles), count=1)
    text = text.replace("</head>", '<link rel="stylesheet" href="/assets/live.css">\n</head>', 1)
    text = text.replace("</body>", '<script src="/assets/live.js"></script>\n</body>', 1)
    return LivePage(text, "; ".join(f"{name} {value}" for name, value in rules.items()))


def titled_page(page: str, *, titles: Mapping[str, str]) -> str:
    """The compare page with other titles of plans, by their ids; still one offline file."""
    return _PAYLOAD.sub(lambda part: part[1] + _titled(part[2], titles) + part[3], page, count=1)


def payload_of(page: str) -> str:
    """The sealed figures of a page, as its own script opens them."""
    found = _PAYLOAD.search(page)
    if found is None:
        raise ValueError("no compare page of this program")
    return found[2].strip()


def own_asset(name: str) -> str:
    """Text of a file that the server hands out.

    Raises
    ------
    KeyError
        If it is not one of `ASSETS`.
    """
    if name not in ASSETS:
        raise KeyError(name)
    folder = resources.files("districting.review") / "assets"
    if name != "live.js":
        return (folder / name).read_text(encoding="utf-8")
    parts = [asset(part) for part in _PAGE_SCRIPTS]
    own = "\n".join([*parts, *((folder / part).read_text(encoding="utf-8") for part in _SCRIPTS)])
    return f'(() => {{\n"use strict";\n{own}\n}})();\n'


def _titled(sealed: str, titles: Mapping[str, str]) -> str:
    """The same figures with other titles of plans."""
    if not titles:
        return sealed
    raw = gzip.decompress(base64.b64decode(sealed))
    (length,) = struct.unpack_from("<I", raw)
    letter: dict[str, Any] = json.loads(raw[4 : 4 + length])
    others = letter.get("other", {}).get("plans", {})
    for at, plan in enumerate(letter["plans"]):
        if plan["id"] in titles:  # what people called it is the same in every language
            plan["title"] = titles[plan["id"]]
            others.get(str(at), {}).pop("title", None)
    text = json.dumps(letter, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 4)
    packed = struct.pack("<I", len(text)) + text + raw[4 + length :]
    return base64.b64encode(gzip.compress(packed, compresslevel=6, mtime=0)).decode("ascii")
