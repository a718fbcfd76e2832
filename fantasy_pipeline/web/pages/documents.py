"""Documents of `report/` as pages: their inline styles and scripts become files of this server.

A report is one file that works without a server, so everything in it is inline. The pages of this
server allow nothing inline. Data that the page needs later become files, too, which its script
fetches. The contents stay the same.
"""

import hashlib
import re
from collections import OrderedDict
from threading import Lock

from fantasy_pipeline.web.representations import HTML, JSON, Representation
from fantasy_pipeline.web.security import STATIC

_MOST_FILES = 200
"""Files that are kept: those of more pages than `Site` keeps."""
_STYLES = re.compile(r"<style[^>]*>(.*?)</style>", re.S)
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.S)
_DATA = re.compile(r'(<script type="application/json"[^>]*) data-later>(.*?)</script>', re.S)
_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n?')
_ATTRIBUTE = re.compile(r' style="([^"]*)"')
_ENTITIES = {"&quot;": '"', "&#34;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">", "&amp;": "&"}


class Files:
    """Style sheets, scripts and data of documents by name; the name is a digest of the content."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._files: OrderedDict[str, Representation] = OrderedDict()

    def add(self, content: str, end: str, media_type: str) -> str:
        """Keep a file, and return its name."""
        body = content.encode()
        name = f"{hashlib.sha256(body).hexdigest()[:20]}.{end}"
        with self._lock:
            self._files.setdefault(name, Representation(body, media_type))
            self._files.move_to_end(name)
            while len(self._files) > _MOST_FILES:
                self._files.popitem(last=False)
        return name

    def get(self, name: str) -> Representation | None:
        """Return a file; None: there is none of the name."""
        with self._lock:
            return self._files.get(name)


def as_page(html: str, files: Files, bar: str) -> Representation:
    """Return a document of `report/` as a page of this server.

    Args:
        files: gets the document's style sheet, script and data.
        bar: HTML of the site's navigation, put at the beginning of the body.
    """
    styles: list[str] = []
    rules: dict[str, str] = {}

    def without_script(match: re.Match[str]) -> str:
        name = files.add(match[1], "js", "text/javascript")
        return f'<script src="{STATIC}{name}" defer></script>'

    def without_data(match: re.Match[str]) -> str:
        name = files.add(match[2], "json", JSON)
        return f'{match[1]} data-later="{STATIC}{name}"></script>'

    def without_style(match: re.Match[str]) -> str:
        styles.append(match[1])
        return ""

    def without_attribute(match: re.Match[str]) -> str:
        name = rules.setdefault(_plain(match[1]), f"s{len(rules)}")
        return f' data-s="{name}"'

    html = _POLICY.sub("", html)
    html = _SCRIPT.sub(without_script, html)
    html = _DATA.sub(without_data, html)
    html = _STYLES.sub(without_style, html)
    html = _ATTRIBUTE.sub(without_attribute, html)
    styles += [f'[data-s="{name}"]{{{rule}}}' for rule, name in rules.items()]
    sheet = files.add("\n".join(styles), "css", "text/css")
    links = "".join(
        f'<link rel="stylesheet" href="{STATIC}{name}">\n' for name in (sheet, "site.css")
    )
    icon = f'<link rel="icon" href="{STATIC}icon.svg">\n'
    html = html.replace("</head>", f"{links}{icon}</head>", 1)
    html = html.replace("<body>", f"<body>\n{bar}", 1)
    return Representation(html.encode(), HTML)


def _plain(text: str) -> str:
    """Return the text of an attribute; a rule may hold no brace, which would end it."""
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    return re.sub(r"[{}<]", "", text)
