r"""What PostgreSQL's log may not keep: passwords, in whatever form they were sent.

A text that can hold one loses each constant and comment; its words and names stay. Where the end
of a constant is doubtful, the rest goes. A statement that computes the words of another, such as
`EXECUTE convert_from(...)`, is not seen through.

Whoever connects writes these texts: each pattern reads a text once, whatever it holds.
Source: PostgreSQL 18 documentation, sections 4.1 (lexical structure) and 32.1.1 (connection
strings); reference pages of CREATE ROLE, CREATE SUBSCRIPTION and CREATE USER MAPPING.
"""

from __future__ import annotations

import re
from functools import cache

MASKED = "[masked]"

_DEEPEST = 8
_SUSPECT = re.compile(
    r"passw|passphrase|pwd|secret|scram-sha-|\bmd5|subscription|dblink|conninfo|crypt|pgp_"
    r"|postgres(?:ql)?://",
    re.IGNORECASE,
)
_CHANGE = re.compile(r"create|alter", re.IGNORECASE)
_ROLE = re.compile(r"\b(?:role|user|server|group(?!\s+by\b))\b", re.IGNORECASE)
_HIGH = "\u0080-\U0010ffff"
_NAME = rf"[a-z_{_HIGH}][\w{_HIGH}]*"
_TOKEN = (
    # A body that is code is read like what is around it.
    rf"(?P<lead>\b(?:do|as|language\s+\w+)\s*\$(?P<body>{_NAME}|)\$)"
    r"(?P<code>.*?)(?P<end>\$(?P=body)\$|\Z)"
    rf"|(?<![\w${_HIGH}])\$(?P<tag>{_NAME}|)\$.*?(?:\$(?P=tag)\$|\Z)"
    rf"|\$(?:{_NAME}|)\$.*"
    # A quote behind a backslash ends a constant or does not: settings of the session decide.
    r"|(?:\b(?:e|u&))?'(?:[^'\\]|''|\\(?!'))*+'|\be'(?:[^'\\]|''|\\.)*+'|(?:\b(?:e|u&))?'.*"
    r"|--[^\n]*|/\*(?:(?!/\*|\*/).)*+\*/|/\*.*"
    r'|(?P<name>"(?:[^"]|"")*+"?)'
    r"|(?P<word>passw\w{0,30}+(?:\s*+:?=\s*+|\s++))(?!authentication failed|(?:e|u&)?')"
    r'(?P<given>"(?:[^"]|"")*+"?|\w(?:(?!--|/\*)[^\s;,()"\'])*+)'
)
# What an error quotes: a piece of the statement, a value, the statement around it.
_QUOTED = re.compile(r'(?<= at or near ).*|(?<=: )".*|(?<= CONTEXT:  )(?=[^\n]*").*', re.DOTALL)


@cache
def _token() -> re.Pattern[str]:
    """The pattern of a token, made for the first suspect text: that takes half of a start."""
    return re.compile(_TOKEN, re.IGNORECASE | re.DOTALL)


def suspect(text: str) -> bool:
    """Tell whether a text can hold a password."""
    return bool(_SUSPECT.search(text) or (_CHANGE.search(text) and _ROLE.search(text)))


def without_constants(message: str, depth: int = 0) -> str:
    """Return a message with its words and names, each constant and comment masked."""

    def masked(found: re.Match[str]) -> str:
        if found["lead"] is not None and depth < _DEEPEST:
            code = without_constants(found["code"], depth + 1)
            return f"{found['lead']}{code}{found['end']}"
        if found["word"] is not None:
            return f"{found['word']}{MASKED}"
        return found[0] if _harmless(found["name"]) else MASKED

    return _token().sub(masked, _QUOTED.sub(MASKED, message))


def _harmless(name: str | None) -> bool:
    """Whether a quoted name is one, and no piece of a statement in an error's words."""
    return name is not None and "'" not in name and not re.search(r"[\s=:]", name)
