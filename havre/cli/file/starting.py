"""`havre init`: a warehouse file to start from, by the answers to four questions."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from havre.cli import console
from havre.errors import InputError
from havre.text import COLUMNS, wrapped

if TYPE_CHECKING:
    from havre.spec.template import Start

T = TypeVar("T", bound=StrEnum)

FILE = Path("warehouse.yaml")
"""The file where none is named."""
FLAGS = ("--classification", "--environment", "--country", "--operator-law")
"""What a script passes, in the order of the questions."""
EXAMPLE = (
    "For example: havre init --classification health-pseudonymised --environment production"
    " --country FR --operator-law eu"
)


def init(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The file to write.", show_default=False)
    ] = FILE,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The warehouse's name.")
    ] = "my-warehouse",
    *,
    classification: Annotated[
        str,
        typer.Option(metavar="CLASS", help="The most sensitive data, as the file says it."),
    ] = "",
    environment: Annotated[
        str, typer.Option(metavar="NAME", help="production, staging or development.")
    ] = "",
    country: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Country that may store data, such as FR; repeatable."),
    ] = None,
    operator_law: Annotated[
        str, typer.Option(metavar="AREA", help="Law of the operator: eu, eea or any.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write a commented warehouse file to start from.

    Asks for classification, environment, countries and operator law. Each default is what a
    warehouse for health data in production needs. A script passes all four options.

    Example: havre init warehouse.yaml --name cohorts

    Example: havre init warehouse.yaml --force

    Example: havre init --classification personal --environment development --country FR
    --operator-law any
    """
    from havre.documents.problems import SpecError
    from havre.spec.load import loads
    from havre.spec.template import template

    if not force:
        console.refuse_existing(file)
    start = _answers(classification, environment, country or [], operator_law)
    text = template(name, file.name if file.name.isprintable() else FILE.name, start)
    try:
        loads(text, str(file))
    except SpecError as error:
        raise InputError(_said(error, name), EXAMPLE) from None
    console.write_file(file, text, force=force)
    told = console.plain(file)
    typer.echo(f"{told}: written. Put your organisation and contact in it.")
    typer.echo(f"Then: havre validate {shlex.quote(told)}")


def _said(error: Exception, name: str) -> str:
    """Which answer is at fault: the template itself is valid."""
    problem = error.problems[0]  # type: ignore[attr-defined]
    if problem.path == "name":
        return f"--name: found {name!r}; wanted {problem.wanted}"
    return f"{problem.path}: found {problem.found}; wanted {problem.wanted}"


def _answers(
    classification: str, environment: str, countries: list[str], operator_law: str
) -> Start:
    """The four answers: those of the options, and the others asked for.

    Raises:
        InputError: one is not valid, or one is missing and the input is not a terminal.
    """
    from havre.spec.model import HEALTH_DATA, Classification, Environment, OperatorLaw
    from havre.spec.template import HEALTH, Start

    given = (classification, environment, countries, operator_law)
    missing = [flag for flag, value in zip(FLAGS, given, strict=True) if not value]
    if missing and not sys.stdin.isatty():
        message = f"Cannot ask for {', '.join(missing)}: not a terminal"
        raise InputError(message, f"Pass them. {EXAMPLE}")
    _refuse_options(classification, environment, countries, operator_law)
    chosen = Classification(
        classification or _ask("Most sensitive data", Classification, HEALTH.classification)
    )
    kind = Environment(environment or _ask("Environment", Environment, HEALTH.environment))
    codes = [_country(code) for code in countries or _ask_countries(HEALTH.countries)]
    question = "Law that the operator may be subject to"
    law = OperatorLaw(operator_law or _ask(question, OperatorLaw, HEALTH.operator_law))
    leave = _exit(codes) if chosen in HEALTH_DATA else ""
    return Start(chosen, kind, tuple(codes), law, _sites(codes), leave)


def _refuse_options(
    classification: str, environment: str, countries: list[str], operator_law: str
) -> None:
    """Refuse options that are not valid, all at once and before anything is asked.

    Raises:
        InputError: naming each.
    """
    from havre.spec.model import Classification, Environment, OperatorLaw

    wrong: list[InputError] = []
    for words, flag, value in (
        (Classification, FLAGS[0], classification),
        (Environment, FLAGS[1], environment),
        (OperatorLaw, FLAGS[3], operator_law),
    ):
        try:
            _chosen(words, flag, value or next(iter(words)))
        except InputError as error:
            wrong.append(error)
    for code in countries:
        try:
            _country(code)
        except InputError as error:
            wrong.append(error)
    if wrong:
        remedy = wrong[0].remedy if len(wrong) == 1 else EXAMPLE
        raise InputError("\n".join(each.message for each in wrong), remedy)


def _ask(question: str, words: type[StrEnum], default: StrEnum) -> str:
    """One of some words, asked for until it is one; choices that are too long go before it."""
    choices = f"{question} ({', '.join(words)})"
    long = len(f"{choices} [{default.value}]: ") > COLUMNS
    if long:
        typer.echo("\n".join(wrapped(f"{question}, one of: {', '.join(words)}.", COLUMNS)))
    while True:
        shown = question if long else choices
        answer = str(typer.prompt(shown, default=default.value)).strip().lower()
        if answer in set(words):
            return answer
        typer.echo(f"`{console.plain(answer)}` is not one of them.")


def _ask_countries(default: tuple[str, ...]) -> list[str]:
    """Codes of countries, asked for until each is one."""
    shown = "Countries that may store data (two-letter codes, separated by spaces)"
    while True:
        answer = str(typer.prompt(shown, default=" ".join(default)))
        try:
            return [_country(code) for code in _parted(answer)]
        except InputError as error:
            said = error.message.removeprefix("--country ")
            typer.echo(f"{said}. {error.remedy}")


def _parted(answer: str) -> list[str]:
    """Codes that are parted by commas or spaces; a name of several words stays whole."""
    parts = [each.strip() for each in answer.split(",") if each.strip()]
    words = [each for part in parts for each in part.split()]
    return words if all(len(each) <= len("FR") for each in words) else parts


def _chosen(words: type[T], flag: str, value: str) -> T:
    """The word that an option gives.

    Raises:
        InputError: it is not one of them.
    """
    from havre.documents.validation import did_you_mean

    if value in set(words):
        return words(value)
    hint = did_you_mean(value, words)
    message = f"{flag} {console.plain(value)}: not one of {', '.join(words)}"
    raise InputError(message, f"{hint[:1].upper()}{hint[1:]}" if hint else EXAMPLE)


def _country(code: str) -> str:
    """The code of a country.

    Raises:
        InputError: there is none such.
    """
    from havre.spec.countries import COUNTRIES, code_meant

    found = code.strip().upper()
    if found in COUNTRIES:
        return found
    right = code_meant(code)
    message = f"--country {console.plain(code)}: not a country code (ISO 3166-1 alpha-2)"
    hint = f"Did you mean `{right}`?" if right else "Use the two letters of a country, such as FR."
    raise InputError(message, hint)


def _sites(countries: list[str]) -> tuple[str, ...]:
    """Sites of installed providers in these countries: of the first one first, then of most."""
    from havre.provider.discovery import installed

    offered: Counter[tuple[int, str]] = Counter()
    for each in installed():
        for name, site in (each.provider.sites if each.provider else {}).items():
            if site.country in countries:
                offered[countries.index(site.country), name] += 1
    ranked = sorted(offered.items(), key=lambda item: (item[0][0], -item[1]))
    return tuple(name for (_, name), _ in ranked)


def _exit(countries: list[str]) -> str:
    """An installed provider of the European Union with a site in these countries, or none."""
    from havre.provider.discovery import installed
    from havre.spec.countries import EU

    found = (each.provider for each in installed() if each.provider)
    european = (each for each in found if each.operator.country in EU)
    near = (e.name for e in european if any(s.country in countries for s in e.sites.values()))
    return next(near, "")
