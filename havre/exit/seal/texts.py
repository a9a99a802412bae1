"""What people read in a seal: how to check it, and the record that both parties sign."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from havre import __version__
from havre.exit.seal.contents import Level, moment
from havre.text import inert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from havre.exit.seal.contents import Leaving, RetireLine, TryLine
    from havre.exit.seal.tables import Table

VERIFIED = "VERIFIED: every file is as it was signed, and source and target are equal"
"""What `verify.sh` ends with where it found nothing wrong, and nothing was lost."""
VERIFIED_WITH_LOSSES = (
    "VERIFIED: every file is as it was signed, and both sides are equal except in losses.tsv"
)
"""The same where something was lost, each thing by a named decision."""
_README = """\
This folder proves what left {source} for {target}: warehouse {warehouse}, {level}, {ended}.
Take verify.sh from Havre {version}, never from the person who hands you this folder.
The command "sha256sum verify.sh" must print
    {script}  verify.sh
Get the CA certificates of the signer and of the time-stamp authority from their owners, and run
    sh verify.sh {folder} signer-ca.pem tsa-ca.pem
It needs sh, coreutils and openssl. Write "none" for tsa-ca.pem if no authority gave the time.
Expected, or nothing is proved: exit code 0, the signer whom you expect, the time, then VERIFIED:
    {signer}
    {verified}
"""
_LISEZMOI = """\
Preuve de ce qui a quitté {source} pour {target} : entrepôt {warehouse}, {niveau}, {ended_fr}.
Prenez verify.sh dans Havre {version}, jamais auprès de la personne qui vous remet ce dossier.
La commande « sha256sum verify.sh » doit afficher
    {script}  verify.sh
Demandez les certificats d'AC du signataire et de l'horodatage à leurs propriétaires, et lancez
    sh verify.sh {folder} signer-ca.pem tsa-ca.pem
Il faut sh, coreutils et openssl. Mettez « none » pour tsa-ca.pem si aucune autorité n'a horodaté.
Attendu, sinon rien n'est prouvé : code 0, le signataire que vous attendez, l'heure, VERIFIED :
    {signer}
    {verified}
"""
_RECORD = """\
PROCÈS-VERBAL DE RESTITUTION ET DE DESTRUCTION
{rehearsal_fr}
Entrepôt de données : {warehouse}
Responsable du traitement : {controller}
Hébergeur quitté : {host} ({source})
Hébergeur suivant : {next}
Sortie commencée le {begun_fr}, terminée le {ended_fr}.

Données restituées, relues chez l'hébergeur suivant et égales à leur origine
(nombre de lignes, SHA-256 de la liste, fichier ; une ligne est une version d'un objet, ou un
élément d'une base de données, tel qu'une table) :
{tables}

Pertes : acceptées par le responsable du traitement, ou par la personne qu'il désigne, comme
l'indique data/losses.tsv. Le délégué à la protection des données conseille et ne décide pas.

Entrepôt sondé chez l'hébergeur suivant (moment, constats ; réponses dans data/probes.json) :
  {probed_fr}

Destruction chez l'hébergeur quitté
(objet, acte, au plus tôt le, fait le, référence, témoin) :
{retired_fr}

Accès essayés chez l'hébergeur quitté
(objet, voie, constat, détail tel que relevé, en anglais) :
{tried_fr}

Pour le responsable du traitement (nom, date, signature) :


Pour l'hébergeur quitté (nom, date, signature) :



RECORD OF RETURN AND DESTRUCTION
{rehearsal}
Data warehouse: {warehouse}
Controller: {controller}
Former host: {host} ({source})
Next host: {next}
The exit began on {began} and ended on {ended}.

Data returned, read back from the next host and equal to its origin
(number of lines, SHA-256 of the list, file; one line is one version of an object, or one thing of
a database, such as a table):
{tables}

Losses: accepted by the controller, or by the person whom it names, as data/losses.tsv records. The
data protection officer advises and does not decide.

Warehouse probed at the next host (time, what was seen; answers are in data/probes.json):
  {probed}

Destruction at the former host
(thing, act, not before, done at, reference, witness):
{retired}

Access to the former host, tried
(thing, way, outcome, detail):
{tried}

For the controller (name, date, signature):


For the former host (name, date, signature):


"""
_MONTHS_FR = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet"),
    *("août", "septembre", "octobre", "novembre", "décembre"),
)
_REHEARSAL = "REHEARSAL: this records nothing that took place."
_REPETITION = "RÉPÉTITION : ceci ne constate rien de réel."


THINGS: Mapping[str, str] = {
    "key": "clé",
    "zone": "zone",
    "database": "base de données",
    "backup store": "dépôt de sauvegardes",
    "log store": "dépôt de journaux",
}
"""Kinds of things of a source, in English and in French."""
ACTS: Mapping[str, str] = {
    "key destruction scheduled": "destruction de la clé programmée",
    "destruction scheduled": "destruction programmée",
    "scheduled": "destruction programmée",
    "expected to be gone": "disparition attendue",
    "gone": "a disparu",
    "day not known": "jour inconnu",
    "versions are under a legal hold": "versions sont sous gel légal",
    "a deleted key can be recovered": "une clé supprimée peut être récupérée",
    "deleted objects can be recovered": "les objets supprimés peuvent être récupérés",
    "backups of it are kept": "ses sauvegardes sont conservées",
    "backups are locked": "les sauvegardes sont verrouillées",
    "kept without end after deletion": "conservé sans limite de durée après suppression",
    "set an end first": "fixer d'abord une fin",
}
"""Acts of a retirement and what stands in their way, in English and in French."""
TRY_WAYS: Mapping[str, str] = {
    "administrator": "administrateur",
    "signed URL": "URL signée",
    "project": "projet",
    "file": "fichier",
}
"""By what something is tried, in English and in French."""
TRY_OUTCOMES: Mapping[str, str] = {
    "refused": "refusé",
    "gone": "disparu",
    "no answer": "sans réponse",
    "not tried": "non essayé",
    "answers": "répond",
}
"""What a try shows, in English and in French."""
SEEN: Mapping[str, str] = {
    "promised, not seen": "promis, non constaté",
    "promised, seen": "promis, constaté",
    "seen otherwise": "constaté autrement",
    "not evaluated": "non évalué",
    "nothing was tried": "rien n'a été essayé",
}
"""How promises were seen, in English and in French."""


@dataclass(frozen=True)
class Instructions:
    """What the two notices on checking a seal are made of.

    Attributes:
        folder: name of the seal's folder.
        signer: line with the subject of the signer's certificate, as `verify.sh` prints it.
        script: SHA-256 of `verify.sh`.
        lost: whether something was lost by a decision.
    """

    folder: str
    signer: str
    script: str
    lost: bool = False

    def texts(self, departure: Leaving) -> Mapping[str, str]:
        """The notices by name of their files, ten lines each."""
        words = _words(departure) | vars(self)
        verified = VERIFIED_WITH_LOSSES if self.lost else VERIFIED
        words |= {"version": __version__, "verified": verified}
        return {
            "data/LISEZMOI.txt": _LISEZMOI.format(**words),
            "data/README.txt": _README.format(**words),
        }


def tried(tries: Sequence[TryLine], *, french: bool = False) -> str:
    """What became of each try, a line each; details are in English, as they were found."""
    lines = []
    for each in tries:
        way = TRY_WAYS[each.way] if french else each.way
        outcome = TRY_OUTCOMES[each.outcome] if french else each.outcome
        thing = thing_in_french(each.thing) if french else each.thing
        words = (thing, f"{way} {each.by}".strip(), outcome, each.said)
        lines.append("  " + "; ".join(map(inert, words)))
    return "\n".join(lines) or ("  rien de constaté" if french else "  none recorded")


def record(
    departure: Leaving,
    tables: Sequence[Table],
    retire: Sequence[RetireLine],
    tries: Sequence[TryLine] = (),
) -> str:
    """The record (procès-verbal) that both parties date and sign, in French and English."""
    rehearsed = departure.level is Level.REHEARSAL
    listed = (f"  {table.count}  {table.digest}  {table.path}" for table in tables)
    retired = "\n".join(map(retired_line, retire))
    retired_fr = "\n".join(retired_line(line, french=True) for line in retire)
    return _RECORD.format(
        **_words(departure),
        tables="\n".join(listed),
        retired=retired or "  none recorded",
        retired_fr=retired_fr or "  rien de constaté",
        probed=inert(departure.probed) or "not probed",
        probed_fr=probed_in_french(departure.probed) or "non sondé",
        tried=tried(tries),
        tried_fr=tried(tries, french=True),
        rehearsal=_REHEARSAL if rehearsed else "",
        rehearsal_fr=_REPETITION if rehearsed else "",
    )


def probed_in_french(probed: str) -> str:
    """When a warehouse was probed and what was seen, in French."""
    at, colon, told = inert(probed).partition("Z: ")
    for english, french in SEEN.items():
        told = told.replace(english, french)
    return f"{at}{colon.replace(':', ' :')}{told.replace(';', ' ;')}"


def retired_line(line: RetireLine, *, french: bool = False) -> str:
    """A line of the retirement; in French its thing, its act and its dates are French words."""
    known = line.earliest < dt.date.max
    if not french:
        done = moment(line.done) if line.done else ""
        told = (line.store, line.act, line.earliest.isoformat() if known else "")
        return "  " + "; ".join(map(inert, (*told, done, line.request, line.witness)))
    done = _moment_fr(line.done) if line.done else ""
    day = day_in_french(line.earliest) if known else ""
    told = (thing_in_french(line.store), act_in_french(line.act), day)
    return "  " + "; ".join(map(inert, (*told, done, line.request, line.witness)))


def thing_in_french(thing: str) -> str:
    """A thing of the source in French: its kind; names stay as they are."""
    for kind, french in THINGS.items():
        if thing == kind or thing.startswith(f"{kind} "):
            return f"{french}{thing.removeprefix(kind)}"
    return thing


def act_in_french(act: str) -> str:
    """What becomes of a thing, and what stands in its way, in French."""
    for english, french in ACTS.items():
        act = act.replace(english, french)
    return act.replace(": ", " : ")


def day_in_french(day: dt.date) -> str:
    """A day in French, such as 1er mars 2027."""
    return f"{'1er' if day.day == 1 else day.day} {_MONTHS_FR[day.month - 1]} {day.year}"


def _moment_fr(at: dt.datetime) -> str:
    """A moment in French, such as 28 novembre 2026 à 08:00 UTC."""
    there = at.astimezone(dt.UTC)
    return f"{day_in_french(there)} à {there:%H:%M} UTC"


def _words(departure: Leaving) -> dict[str, str]:
    source, target = (
        f"{getattr(departure, side)} (sandbox)"
        if side in departure.sandboxes
        else getattr(departure, side)
        for side in ("source", "target")
    )
    named = {
        "source": source,
        "target": target,
        "warehouse": departure.warehouse,
        "controller": departure.controller,
        "host": departure.host,
        "next": f"{departure.next_host} ({target})" if departure.next_host else target,
    }
    return named | {
        "level": departure.level.value,
        "niveau": "répétition" if departure.level is Level.REHEARSAL else "sortie réelle",
        "began": moment(departure.began),
        "ended": moment(departure.ended),
        "begun_fr": _moment_fr(departure.began),
        "ended_fr": _moment_fr(departure.ended),
    }
