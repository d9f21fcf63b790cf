"""What records and rules say, in French: dates and times, the words of the configuration, and what a rule saw.

A rule tells what it saw in one of a few English sentences; `SAW` holds each of them with its French twin. The name of a
group says how its text is taken over: `raw` as it is, `at` as a date, `word` through `VALUES`, `shown` as presented
identities.
"""

from __future__ import annotations

import re
from typing import Final

from proxy.runtime.explain_words import VALUES

MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
INSTANT: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|([+-])(\d\d):(\d\d))")
DAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)")

WAY_OUT: Final = r"(?:, (?P<word9>in an agreed slot|consent in force|no consent in force|no slot in force))?"
SAW: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.DOTALL), french)
    for pattern, french in (
        (r"shared state not read", "base partagée non lue"),
        (r"no number left to show", "aucun numéro ne reste à afficher"),
        (r"no clock for the called number", "pas d’horloge connue pour le numéro appelé"),
        (r"no version in force on that day", "aucune version en vigueur ce jour-là"),
        (r"zone not asked for", "affichage par zone non demandé"),
        (r"load not measured", "charge non mesurée"),
        (r"within all limits", "dans toutes les limites"),
        (r"no campaign with limits of its own", "aucune campagne avec ses propres limites"),
        (r"no campaign", "aucune campagne"),
        (r"no customer", "aucun client"),
        (r"no refusal", "aucun refus"),
        (r"no identity presented", "aucune identité présentée"),
        (r"no number presented", "aucun numéro présenté"),
        (r"over the limit of the (?P<word1>\w+)", "limite dépassée : {word1}"),
        (r"purpose (?P<word1>\w*)", "finalité : {word1}"),
        (r"status (?P<word1>\w*)", "statut : {word1}"),
        (r"kyc (?P<word1>\w*) until (?P<at1>\S+)", "identité {word1}, jusqu’au {at1}"),
        (r"kyc (?P<word1>\w*)", "identité {word1}"),
        (r"zone (?P<raw1>\S*), (?P<raw2>\d+) numbers", "zone {raw1}, numéros disponibles : {raw2}"),
        (
            r"refused (?P<at1>\S+), refusals count from (?P<at2>\S+), consent after it",
            "refus du {at1}, comptés à partir du {at2}, suivi d’un consentement",
        ),
        (r"refused (?P<at1>\S+), refusals count from (?P<at2>\S+)", "refus du {at1}, comptés à partir du {at2}"),
        (
            r"(?P<raw1>\d+) of (?P<raw2>\d+) attempts in (?P<raw3>\d+) days before this one, next leaves (?P<at1>\S+)",
            "{raw1} tentatives sur {raw2} en {raw3} jours avant celle-ci, une place se libère le {at1}",
        ),
        (
            r"(?P<raw1>\d+) of (?P<raw2>\d+) attempts in (?P<raw3>\d+) days before this one",
            "{raw1} tentatives sur {raw2} en {raw3} jours avant celle-ci",
        ),
        (
            r"(?P<raw1>\d+) of (?P<word1>[\w ]+) attempts, (?P<raw2>\S+) s between two, last (?P<at1>\S+)",
            "tentatives : {raw1}, maximum : {word1}, {raw2} s entre deux, dernière le {at1}",
        ),
        (
            r"(?P<raw1>\d+) of (?P<word1>[\w ]+) attempts, (?P<raw2>\S+) s between two",
            "tentatives : {raw1}, maximum : {word1}, {raw2} s entre deux",
        ),
        (r"basis register, shared state not read", "fondement : registre, base partagée non lue"),
        (r"basis register, in an agreed slot", "fondement : registre, dans un créneau convenu"),
        (r"basis register, no consent", "fondement : registre, aucun consentement"),
        (
            r"basis register, consent (?P<word1>.*) given (?P<at1>\S+), until (?P<at2>\S+)",
            "fondement : registre, consentement {word1} donné le {at1}, jusqu’au {at2}",
        ),
        (
            r"basis (?P<word1>\w+) (?P<word2>.*) given (?P<at1>\d{4}-\d\d-\d\d)",
            "fondement : {word1}, {word2}, donné le {at1}",
        ),
        (r"basis (?P<word1>\w+) (?P<word2>.*)", "fondement : {word1}, {word2}"),
        (
            r"sector (?P<word1>\S+), customer's (?P<word2>\S+), basis (?P<word3>\w+)",
            "secteur : {word1}, celui du client : {word2}, fondement : {word3}",
        ),
        (
            r"(?P<at1>\S+), open (?P<word1>closed|[\d: -]+)" + WAY_OUT,
            "{at1}, ouvert : {word1}{way_out}",
        ),
        (r"(?P<at1>\S+), (?P<word1>a national holiday|no national holiday)" + WAY_OUT, "{at1}, {word1}{way_out}"),
        (
            r"(?P<at1>\S+), (?P<word1>a holiday|no holiday) of (?P<raw1>\w+) only",
            "{at1}, {word1} propre au territoire {raw1}",
        ),
        (r"campaign names (?P<word1>.*)", "la campagne nomme : {word1}"),
        (r"campaign (?P<word1>.*)", "campagne {word1}"),
        (r"customer (?P<word1>.*)", "client {word1}"),
        (r"default (?P<word1>.*)", "numéro par défaut : {word1}"),
        (
            r"origin (?P<word1>\w+), (?P<word2>attested|not attested), (?P<shown1>.*)",
            "{word1}, {word2}, {shown1}",
        ),
        (r"(?P<shown1>.*); mobile_cli (?P<word1>\w+)", "{shown1} ; numéro mobile présenté : {word1}"),
        (r"(?P<shown1>.*); class_cli (?P<word1>\w+)", "{shown1} ; catégorie interdite présentée : {word1}"),
        (r"called (?P<raw1>.*) read as (?P<shown1>.*); (?P<shown2>.*)", "appelé : {raw1}, lu {shown1} ; {shown2}"),
        (r"(?P<shown1>.*), trunk says (?P<word1>\w+)", "{shown1}, réglage du faisceau : {word1}"),
        (r"(?P<shown1>.*), allowed (?P<words1>[\w ]*)", "{shown1}, permis : {words1}"),
        (r"(?P<word1>\w+), (?P<word2>\w+), (?P<word3>INVITE|MESSAGE)", "{word1}, {word2}, {word3}"),
        (r"(?P<word1>INVITE|MESSAGE), (?P<shown1>.*)", "{word1}, {shown1}"),
        (r"(?P<shown1>.*), (?P<word1>too short|too long)", "{shown1}, {word1}"),
        (r"(?P<shown1>.*)", "{shown1}"),
    )
)
IN_BRACKETS: Final = re.compile(r"\(([\w ]+)(?:, (\w+))?\)(?=$|, |;)")
VERDICT_ON: Final = re.compile(r"(?<= )(\w+) (may not|may) be shown(?=$|, )")
HELD: Final = re.compile(r"(not held|held)(?=$|, )")
RANGE: Final = re.compile(r"(?<= )(allocated|reserved|new2026)(?=$|, )")


def in_french(saw: str) -> str:
    """What a rule saw, in French."""
    for pattern, french in SAW:
        found = pattern.fullmatch(saw)
        if found is not None:
            parts = {name: taken(name, text or "") for name, text in found.groupdict().items()}
            way_out = parts.pop("word9", "")
            return french.format(**parts, way_out=f", {way_out}" if way_out else "")
    return saw


def taken(name: str, text: str) -> str:
    """The text of a group as its name asks."""
    if name.startswith("at"):
        return dated(text)
    if name.startswith("words"):
        return ", ".join(value(one) for one in text.split())
    if name.startswith("word"):
        return value(text)
    return shown(text) if name.startswith("shown") else text


def value(word: str) -> str:
    """A word of the configuration in French; another text as it is."""
    return VALUES.get(word, word)


def shown(text: str) -> str:
    """Presented identities with their classes and what is said of them."""
    if text in VALUES:
        return VALUES[text]
    text = IN_BRACKETS.sub(lambda found: f"({', '.join(value(one) for one in found.groups() if one)})", text)
    text = VERDICT_ON.sub(
        lambda found: f"{value(found[1])} {'affichable' if found[2] == 'may' else 'non affichable'}", text
    )
    text = RANGE.sub(lambda found: f"tranche {value(found[1])}", text)
    return HELD.sub(lambda found: "détenu" if found[1] == "held" else "non détenu", text)


def dated(text: str) -> str:
    """Instants and days in a text as French writes them: `24 novembre 2026 à 14 h 00 (UTC+4)`."""
    return DAY.sub(day_written, INSTANT.sub(instant_written, text))


def instant_written(found: re.Match[str]) -> str:
    """One instant; seconds only when there are any."""
    seconds = f" min {found[6]} s" if found[6] != "00" else ""
    zone = "UTC"
    if found[7]:
        zone += f"{'+' if found[7] == '+' else '−'}{int(found[8])}" + (f" h {found[9]}" if found[9] != "00" else "")
    return f"{day_written(found)} à {int(found[4])} h {found[5]}{seconds} ({zone})"


def day_written(found: re.Match[str]) -> str:
    """One day."""
    day = int(found[3])
    return f"{'1er' if day == 1 else day} {MONTHS[int(found[2]) - 1]} {found[1]}"


def short_day(iso: str) -> str:
    """`11/08/2026` for `2026-08-11`; another text as it is."""
    return DAY.sub(r"\3/\2/\1", iso)
