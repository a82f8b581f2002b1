"""Texts that try to be more than text, and how a page, a file or a letter shows that one of them was.

Every payload that could make an element, an attribute or an address carries `kp-`, which nothing of this product does.
"""

import re
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from app.text import compose

PAYLOADS: tuple[str, ...] = (
    # elements
    "<kp-a>x</kp-a>",
    "<script>alert('kp-1')</script>",
    "</script><script src=//kp-2.example></script>",
    "<img src=kp-3 onerror=alert(1)>",
    "<svg/onload=alert('kp-4')><kp-b/>",
    "<svg><script href=data:,alert('kp-5')></script><kp-c/></svg>",
    "<math><mtext><kp-d><img src=kp-6 onerror=alert(1)></mtext></math>",
    "<iframe srcdoc=\"<script>parent.alert('kp-7')</script>\"></iframe>",
    "<object data=kp-8><embed src=kp-9><base href=//kp-10.example/>",
    "<meta http-equiv=refresh content='0;url=//kp-11.example'>",
    "<style>@import '//kp-12.example'</style><link rel=stylesheet href=//kp-13.example>",
    "<form action=//kp-14.example><input name=csrf><button formaction=javascript:alert('kp-15')>OK",
    "<details open ontoggle=alert('kp-16')><kp-e>",
    "<template><kp-f></template><noscript><p title='</noscript><kp-g>'>",
    "<a href=javascript:alert('kp-17')>x</a>",
    "<a href='data:text/html,<script>alert(`kp-18`)</script>'>x</a>",
    "<video><source onerror=alert('kp-19')></video><kp-h>",
    "<textarea><kp-i></textarea></title></style></textarea></select></option><kp-j>",
    "<!--><kp-k>--><![CDATA[<kp-l>]]><?kp-m?><!kp-n>",
    "<<kp-o>/<kp-p\x0cq=1>",
    # attributes
    '" onmouseover=alert(1) kp-21="',
    "' onfocus=alert(1) autofocus kp-22='",
    "` onclick=alert(1) kp-23=`",
    " kp-24=1 onload=alert(1) x=",
    '"><kp-q kp-25>',
    "'><kp-r kp-26>",
    "&quot;&gt;&lt;kp-s&gt;&#34;&#62;&#60;kp-t&#62;&amp;lt;kp-u&amp;gt;",
    "&#x3c;kp-v&#x3e;\\u003ckp-w\\u003e\\x3ckp-x\\x3e%3Ckp-y%3E",
    "+ADw-kp-z+AD4-",
    # addresses
    "javascript:alert('kp-31')",
    "JaVaScRiPt\t:alert('kp-32')",
    "//kp-33.example/%2f..",
    "https://kp-34.example/?a=1&b=2#<kp-aa>",
    # templates
    "{{7*7}}kp-41{{ ''.__class__ }}",
    "${7*7}kp-42#{7*7}<%= 7*7 %>",
    "{% for x in range(10) %}kp-43{% endfor %}{%p kp %}{#kp#}{{r kp}}",
    "{{r '<w:p><w:r><w:t>kp-44</w:t></w:r></w:p>' }}",
    "%(kp)s %s %d {kp} {0} {0.__class__} %n $kp $(kp)",
    # spreadsheets
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://kp-51.example","x")',
    "+1+1+kp-52",
    "-1+1-kp-53",
    "@SUM(1;2)kp-54",
    "\t=1+1",
    "\r=1+1",
    "  =1+1",
    "＝1+1",
    "|kp-55;,\"kp-56\"\n=1+1,'kp-57'",
    "_x0041__x000D_kp-58",
    # Word and XML
    "</w:t></w:r><w:r><w:t>kp-61</w:t></w:r>",
    "]]></w:t><kp:bb/>",
    "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    'HYPERLINK "http://kp-62.example" DDEAUTO cmd INCLUDEPICTURE kp',
    # headers, calendars, marks
    "x\r\nBcc: kp-71@example.vn\r\n\r\nkp",
    "x\nSet-Cookie: kp-72=1",
    "=?utf-8?B?a3A=?= <kp-73@example.vn>",
    'x\r\nEND:VEVENT\r\nBEGIN:VALARM\r\nATTACH:http://kp-74.example\r\nDESCRIPTION;ALTREP="kp-75":x',
    "a,b;c:d\\n\\,\\;kp-76",
    "[x](javascript:alert('kp-77')) ![x](http://kp-78.example) <http://kp-79.example> `kp` **kp** # kp",
    "'; DROP TABLE task; -- kp-80\" OR 1=1 \\' % _ \\",
    # Unicode
    "kp\u202egnp.exe\u202c \u2066\u200bkp\u200d\ufeff",
    "\ufffe\uffff\ufdd0 kp",
    "\x00\x01\x08\x0b\x0c\x0e\x1b\x1f\x7f\x85\x9f kp",
    "\U0001f600\U00020000\U0001f468\u200d\U0001f469 kp",
    "Tiê\u0301ng Viê\u0323t đ\u0309 " + "a" + "\u0301" * 30,
    "\u2028\u2029kp\u00a0\u3000kp",
    "ﷺ" * 3 + " kp",
    "x" * 120 + " kp",
)
SURROGATE = "kp \ud800 \udfff kp"
"""Only JSON can bring it."""


def pack(limit: int, start: int = 0, between: str = " ") -> str:
    """As many whole payloads as fit into so many characters, from one on; the first is cut when none fits."""
    text = ""
    for number in range(len(PAYLOADS)):
        more = PAYLOADS[(start + number) % len(PAYLOADS)]
        joined = f"{text}{between}{more}" if text else more
        if len(joined) > limit:
            break
        text = joined
    return text or PAYLOADS[start % len(PAYLOADS)][:limit]


def kept(text: str) -> str:
    """What the product keeps of a text."""
    return compose(text)


_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def has_forbidden(text: str) -> bool:
    """Characters that break XML, PostgreSQL or UTF-8, or that nobody sees."""
    return _FORBIDDEN.search(text) is not None


# Pages and letters

_ACTIVE = {"iframe", "object", "embed", "applet", "base", "math", "frame", "portal"}
_ADDRESSES = {"href", "src", "action", "formaction", "data", "srcset", "poster", "xlink:href", "background", "ping"}


def faults(html: str, *, page: bool = True) -> Iterator[str]:
    """Elements and attributes that a text made. `page`: one of ours, rather than a letter, which has styles inside."""
    for node in LexborHTMLParser(html).root.traverse():
        tag, given = node.tag or "", node.attributes
        if tag.startswith("kp") or tag in _ACTIVE:
            yield f"<{tag}>"
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            yield "a script of its own"
        if page and tag == "style":
            yield "a style of its own"
        if tag == "meta" and "http-equiv" in given and (given["http-equiv"] or "").lower() == "refresh":
            yield "a refresh"
        yield from _attribute_faults(tag, given, page=page)


def _attribute_faults(tag: str, given: dict[str, Any], *, page: bool) -> Iterator[str]:
    for name, value in given.items():
        if name.startswith(("on", "kp")) or name == "srcdoc" or (page and name == "style"):
            yield f"<{tag} {name}>"
        if name in _ADDRESSES and not _leads_inside(value or "", tag):
            yield f"<{tag} {name}={value}>"


def _leads_inside(address: str, tag: str) -> bool:
    plain = re.sub(r"[\s\x00-\x20]", "", address).lower()
    if plain == "data:," and tag == "link":
        return True  # no icon, on the page of the API
    if plain.startswith(("javascript:", "data:", "vbscript:", "//", "\\")):
        return False
    return tag == "a" or not re.match(r"[a-z][a-z0-9+.-]*:", plain)


def text_of(html: str) -> str:
    """What a reader sees, all blanks alike, in fields too."""
    root = LexborHTMLParser(html).root
    seen = [root.text(separator=" ")]
    for node in root.traverse():
        if node.tag in ("input", "option"):
            seen.append(node.attributes.get("value") or "")
        if node.tag == "textarea":
            seen.append(node.text())
    return " ".join(" ".join(seen).split())
