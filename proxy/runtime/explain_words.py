"""The words of `npv-proxy explain` in English and French: labels, verdicts and what they mean.

What a rule says and what to tell the customer stand with the rule, in `config/rules`.
"""

from __future__ import annotations

from typing import Final

ENGLISH: Final = "en"
FRENCH: Final = "fr"
LANGUAGES: Final = (ENGLISH, FRENCH)

LABELS: Final[dict[str, tuple[str, str]]] = {
    "decision": ("decision", "décision"),
    "answer": ("answer", "réponse"),
    "rule": ("rule", "règle"),
    "time": ("time (UTC)", "heure (UTC)"),
    "local": ("time at the callee", "heure chez l’appelé"),
    "territory": ("territory", "territoire"),
    "customer": ("customer", "client"),
    "campaign": ("campaign", "campagne"),
    "purpose": ("purpose, mode", "finalité, mode"),
    "trunk": ("trunk, node", "faisceau, nœud"),
    "presented": ("presented", "présenté"),
    "called": ("called", "appelé"),
    "shown": ("shown", "affiché"),
    "warnings": ("warnings", "avertissements"),
    "attempts": ("attempts", "tentatives"),
    "resets": ("a place is free again", "une place se libère"),
    "refusal": ("person refused", "refus de la personne"),
    "consent": ("consent", "consentement"),
    "next": ("possible again", "de nouveau possible"),
    "store": ("store", "base partagée"),
    "revision": ("edition", "édition"),
    "version": ("version", "version"),
    "verdict": ("verdict", "verdict"),
    "saw": ("saw", "vu "),
    "basis": ("basis", "fondement"),
    "tell": ("What to tell the customer:", "Que dire au client :"),
    "silent": ("did not answer in time", "n’a pas répondu à temps"),
    "counted": ("{} of {} in {} days, before this call", "{} sur {} en {} jours, avant cet appel"),
    "other": (
        "decided by another edition; what a rule saw is told by the one at hand",
        "décidé par une autre édition ; ce qu’une règle a vu est dit par l’édition présente",
    ),
    "given": ("{} {} .. {}", "{} donné le {}, jusqu’au {}"),
    "gone": ("not in the rule book at hand", "absente du recueil présent"),
    "withheld": ("no number (“Numéro inconnu”)", "aucun numéro (« Numéro inconnu »)"),
}

VERDICTS: Final[dict[str, tuple[str, str]]] = {
    "pass": ("pass", "passe"),
    "warn": ("warn", "avertit"),
    "refuse": ("refuse", "refuse"),
    "chose": ("chose", "retenue"),
    "need": ("need", "en attente"),
    "unknown-pass": ("not known, passes", "inconnu, passe"),
    "unknown-refuse": ("not known, refuses", "inconnu, refuse"),
    "off": ("off", "inactive"),
    "not applicable": ("not applicable", "sans objet"),
    "not asked": ("not asked", "non consultée"),
    "would pass": ("would pass", "passerait"),
    "would warn": ("would warn", "avertirait"),
    "would refuse": ("would refuse", "refuserait"),
    "would choose": ("would choose", "serait retenue"),
}

MEANINGS: Final[dict[str, tuple[str, str]]] = {
    "pass": ("the call kept to the rule", "l’appel respecte la règle"),
    "warn": ("the rule was broken, and only told", "la règle n’est pas respectée, ce qui est seulement signalé"),
    "refuse": ("the rule refused the call", "la règle a refusé l’appel"),
    "chose": (
        "the rule let the call go and settled what is shown",
        "la règle a laissé partir l’appel et fixé l’affichage",
    ),
    "need": ("the rule had to ask the store first", "la règle devait d’abord interroger la base partagée"),
    "unknown-pass": (
        "the store was silent, and the rule lets pass then",
        "la base partagée est restée muette, et la règle laisse alors passer",
    ),
    "unknown-refuse": (
        "the store was silent, and the rule refuses then",
        "la base partagée est restée muette, et la règle refuse alors",
    ),
    "off": ("the rule is switched off", "la règle est désactivée"),
    "not applicable": ("the rule does not concern such a call", "la règle ne concerne pas un tel appel"),
    "not asked": (
        "an earlier rule had decided, so the store was not asked",
        "une règle antérieure avait déjà décidé, la base partagée n’a donc pas été interrogée",
    ),
    "would pass": (
        "an earlier rule had decided; the call keeps to this one",
        "une règle antérieure avait déjà décidé ; l’appel respecte celle-ci",
    ),
    "would warn": (
        "an earlier rule had decided; this one would only tell",
        "une règle antérieure avait déjà décidé ; celle-ci aurait seulement signalé l’appel",
    ),
    "would refuse": (
        "an earlier rule had decided; this one would have refused the call too",
        "une règle antérieure avait déjà décidé ; celle-ci aurait aussi refusé l’appel",
    ),
    "would choose": (
        "an earlier rule had decided; what would have been shown was settled here",
        "une règle antérieure avait déjà décidé ; l’affichage aurait été fixé ici",
    ),
}

VALUES: Final[dict[str, str]] = {  # words of the configuration and of what a rule saw, in French
    "": "",
    "(none)": "(aucun)",
    "none": "aucun",
    "forward": "acheminement",
    "refuse": "refus",
    "need": "en attente de la base partagée",
    "npv": "NPV",
    "withheld": "sans numéro",
    "unchanged": "inchangé",
    "caller": "numéro de la personne qui rappelle",
    "prospecting_consumer": "démarchage d’un consommateur",
    "contract_current": "contrat en cours",
    "service": "service",
    "survey": "sondage",
    "b2b": "entre professionnels",
    "public_alert": "alerte publique",
    "broadcast": "diffusion automatique",
    "vms": "dépôt sur messagerie vocale",
    "predictive": "numérotation prédictive",
    "progressive": "numérotation progressive",
    "manual": "appel manuel",
    "INVITE": "appel (INVITE)",
    "MESSAGE": "message (MESSAGE)",
    "national": "origine nationale",
    "international": "origine internationale",
    "law": "profil légal",
    "strict": "profil strict",
    "npuept": "NPUEPT",
    "geo": "géographique",
    "poly": "polyvalent ordinaire (09)",
    "mobile": "mobile",
    "mobile_ext": "mobile de longueur étendue",
    "special_free": "spécial gratuit",
    "special_std": "spécial banalisé",
    "special_prem": "spécial majoré",
    "special_data": "spécial de données",
    "short_free": "court gratuit",
    "short_gen": "court généraliste",
    "short_op": "court d’opérateur",
    "directory": "renseignements",
    "social": "harmonisé européen",
    "emergency": "urgence",
    "sms_short": "court pour SMS",
    "unassigned": "tranche non ouverte",
    "foreign": "étranger",
    "abroad": "étranger",
    "no number": "pas un numéro",
    "no number presented": "aucun numéro présenté",
    "no identity presented": "aucune identité présentée",
    "allocated": "attribuée",
    "reserved": "réservée",
    "new2026": "nouvelle en 2026",
    "rewrite": "remplacement",
    "pass": "laisse passer",
    "attested": "attesté",
    "not attested": "non attesté",
    "active": "actif",
    "suspended": "suspendu",
    "verified": "vérifiée",
    "pending": "en attente",
    "expired": "expirée",
    "refused": "refusée",
    "missing": "absente",
    "register": "registre",
    "contract": "contrat",
    "press": "presse",
    "without reference": "sans référence",
    "(no id)": "(sans identifiant)",
    "energy_renovation": "rénovation énergétique",
    "renewable_energy": "énergie renouvelable",
    "home_adaptation": "adaptation du logement",
    "other": "autre",
    "customer": "client",
    "trunk": "faisceau",
    "node": "nœud",
    "too short": "trop court",
    "too long": "trop long",
    "closed": "fermé",
    "slot": "créneau convenu",
    "consent": "consentement",
    "a national holiday": "un jour férié national",
    "no national holiday": "pas un jour férié national",
    "a holiday": "jour férié",
    "no holiday": "pas un jour férié",
    "any number": "autant qu’on veut",
    "in an agreed slot": "dans un créneau convenu",
    "consent in force": "consentement en vigueur",
    "no consent in force": "aucun consentement en vigueur",
    "no slot in force": "aucun créneau convenu en vigueur",
}

SILENT_STORE: Final = (
    "Refusals, consents and attempts could not be read in time, so the call was refused as a precaution. Call again shortly.",
    "Les refus, consentements et tentatives n’ont pas pu être lus à temps ; l’appel a été refusé par précaution. Rappelez sous peu.",
)


def word(table: dict[str, tuple[str, str]], key: str, language: str) -> str:
    """The word for `key`; the key itself where there is none."""
    found = table.get(key)
    return key if found is None else found[LANGUAGES.index(language)]
