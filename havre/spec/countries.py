"""Countries by code, and the areas whose law a residency may ask for."""

from __future__ import annotations

from difflib import get_close_matches

LETTERS = 2
"""Letters of a code."""
NEAR = 0.8
"""Similarity from which a name is a misspelt one."""

_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN "
    "BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ "
    "DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL "
    "GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM "
    "JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME "
    "MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP "
    "NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD "
    "SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1 alpha-2, officially assigned codes.

Source: ISO 3166-1 as in iso3166.tab of the IANA time zone database and in Debian's iso-codes,
which agree; read on 2026-11-23.
"""

_EU = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "
    "AX GF GP MF MQ RE YT "
)
EU = frozenset(_EU.split())
"""Where the law of the European Union applies: its 27 members, and their territories with a code
of their own.

Sources: Treaty on European Union, article 52; Treaty on the Functioning of the European Union,
article 355(1) and (4). The United Kingdom left on 2020-01-31.
"""

EEA = EU | {"IS", "LI", "NO"}
"""The European Economic Area: Agreement on the EEA, articles 2 and 126."""

MISTAKEN = {"UK": "GB", "EL": "GR"}
"""Codes in common use that ISO 3166-1 does not assign, and the assigned ones."""

_NAMES = """
AE United Arab Emirates|AT Austria|AU Australia|BE Belgium|BG Bulgaria|BR Brazil|CA Canada|
CH Switzerland|CL Chile|CN China|CY Cyprus|CZ Czechia|DE Germany|DK Denmark|EE Estonia|ES Spain|
FI Finland|FR France|GB United Kingdom|GR Greece|HK Hong Kong|HR Croatia|HU Hungary|ID Indonesia|
IE Ireland|IL Israel|IN India|IS Iceland|IT Italy|JP Japan|KR South Korea|LI Liechtenstein|
LT Lithuania|LU Luxembourg|LV Latvia|MT Malta|MX Mexico|MY Malaysia|NL Netherlands|NO Norway|
NZ New Zealand|PL Poland|PT Portugal|QA Qatar|RO Romania|SE Sweden|SG Singapore|SI Slovenia|
SK Slovakia|US United States|ZA South Africa
"""
NAMES = {each[:2]: each[3:] for each in _NAMES.replace("\n", "").split("|")}
"""English short names, of the European Economic Area and of countries where clouds have regions.

Source: ISO 3166-1, as Debian's iso-codes has them in common use; read on 2026-11-30.
"""


def code_meant(text: str) -> str:
    """The code that somebody meant who wrote a code in small letters, a name, or a mistaken code.

    >>> code_meant("be"), code_meant("Belgium"), code_meant("uk"), code_meant("Belgum")
    ('BE', 'BE', 'GB', 'BE')
    >>> code_meant("nowhere")
    ''
    """
    code, name = text.strip().upper(), text.strip().casefold()
    if code in COUNTRIES:
        return code
    named = {each.casefold(): key for key, each in NAMES.items()}
    near = get_close_matches(name, named, n=1, cutoff=NEAR) if len(name) > LETTERS else []
    return MISTAKEN.get(code) or (named[near[0]] if near else "")


def country_name(code: str) -> str:
    """A country's English name; its code where none is recorded.

    >>> country_name("FR"), country_name("AQ")
    ('France', 'AQ')
    """
    return NAMES.get(code, code)
