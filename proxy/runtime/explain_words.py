"""The words of `npv-proxy explain` in English and French: labels, verdicts, and what to tell the customer.

Advice goes by the rule that decided: by its whole id, else by its family (the part before the dot). A test asks that
every rule of the shipped book has one.
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
    "saw": ("saw", "vu"),
    "basis": ("basis", "fondement"),
    "tell": ("What to tell the customer:", "Que dire au client :"),
    "silent": ("did not answer in time", "n’a pas répondu à temps"),
    "counted": ("{} of {} in {} days, before this call", "{} sur {} en {} jours, avant cet appel"),
    "other": (
        "decided by another edition; what a rule saw is told by the one at hand",
        "décidé par une autre édition ; ce qu’une règle a vu est dit par l’édition présente",
    ),
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
}

ADVICE: Final[dict[str, tuple[str, str]]] = {
    "customer.unknown": (
        "The platform named a customer whom we do not know. Check the account header of the platform, or have the customer signed up and verified.",
        "La plate-forme a nommé un client que nous ne connaissons pas. Vérifiez l’en-tête de compte de la plate-forme, ou faites inscrire et vérifier le client.",
    ),
    "customer.suspended": (
        "The account is suspended; no call goes out until it is active again.",
        "Le compte est suspendu ; aucun appel ne part avant sa réactivation.",
    ),
    "customer.unverified": (
        "The identity of the customer is not verified, or the verification has expired. Send the documents again.",
        "L’identité du client n’est pas vérifiée, ou la vérification a expiré. Renvoyez les justificatifs.",
    ),
    "customer.campaign_unknown": (
        "The campaign named does not exist for this customer. Check its name or have it declared.",
        "La campagne nommée n’existe pas pour ce client. Vérifiez son nom ou faites-la déclarer.",
    ),
    "destination.emergency": (
        "A call to an emergency number passes untouched, whatever else holds.",
        "Un appel vers un numéro d’urgence passe sans être modifié, quelles que soient les autres règles.",
    ),
    "destination.invalid": (
        "The called number does not exist in the numbering plan. Take it out of the file.",
        "Le numéro appelé n’existe pas dans le plan de numérotation. Retirez-le du fichier.",
    ),
    "destination.class": (
        "Numbers of this kind (premium, short, international ...) may not be called through this trunk.",
        "Les numéros de cette nature (surtaxés, courts, internationaux…) ne peuvent pas être appelés par ce faisceau.",
    ),
    "cli.mobile": (
        "A mobile number (06, 07) was presented. An automated call may not show one: present an NPV, or ask for replacement.",
        "Un numéro mobile (06, 07) a été présenté. Un appel automatisé ne peut pas l’afficher : présentez un NPV, ou demandez le remplacement.",
    ),
    "cli.not_owned": (
        "The number presented is not assigned to this customer on that day. Present one of the customer’s own, or send the proof of the right.",
        "Le numéro présenté n’est pas attribué à ce client à cette date. Présentez un numéro du client, ou transmettez la preuve du droit.",
    ),
    "cli.sms_only": (
        "0937 to 0939 are for exchanges with platforms; a voice call may show them only after a declaration, and a text needs such a number or an NPV.",
        "Les numéros 0937 à 0939 servent aux échanges avec les plates-formes ; un appel vocal ne peut les afficher que sur déclaration, et un message requiert un tel numéro ou un NPV.",
    ),
    "cli": (
        "The number presented is of a class that this call may not show. Present an NPV of the customer.",
        "Le numéro présenté est d’une catégorie que cet appel ne peut pas afficher. Présentez un NPV du client.",
    ),
    "origin": (
        "A French number came from abroad without authentication. The call must be authenticated by its operator of origin.",
        "Un numéro français est arrivé de l’étranger sans authentification. L’appel doit être authentifié par son opérateur d’origine.",
    ),
    "hours": (
        "The call came outside the hours allowed at the person called (local time there). Call again within them.",
        "L’appel est arrivé hors des horaires permis chez la personne appelée (heure locale). Rappelez pendant ces horaires.",
    ),
    "holiday": (
        "It was a public holiday at the person called. Call again on a working day.",
        "C’était un jour férié chez la personne appelée. Rappelez un jour ouvré.",
    ),
    "consent": (
        "No consent of this person is in force. Since 11 August 2026 consumers may be prospected only with their prior consent; record it with its proof.",
        "Aucun consentement de cette personne n’est en vigueur. Depuis le 11 août 2026, le démarchage d’un consommateur exige son consentement préalable ; enregistrez-le avec sa preuve.",
    ),
    "sector": (
        "What is sold may not be prospected by telephone, with or without consent, except within a current contract.",
        "Ce secteur ne peut pas être démarché par téléphone, même avec consentement, sauf contrat en cours.",
    ),
    "refusal": (
        "This person asked the customer not to call again. Take the number out of the file for good.",
        "Cette personne a demandé au client de ne plus l’appeler. Retirez le numéro du fichier durablement.",
    ),
    "frequency": (
        "The person has been called as often as allowed by this customer in the last days, over all campaigns. Wait until a place is free.",
        "La personne a déjà été appelée par ce client autant que permis ces derniers jours, toutes campagnes confondues. Attendez qu’une place se libère.",
    ),
    "attempts": (
        "The campaign’s own limit of attempts, or its least time between two, was reached.",
        "La limite de tentatives de la campagne, ou le délai minimal entre deux, a été atteinte.",
    ),
    "display": (
        "A number must be shown in this call and the customer has none that may be. Assign an NPV with a call-back target.",
        "Un numéro doit être affiché pour cet appel et le client n’en a aucun d’utilisable. Attribuez un NPV avec une cible de rappel.",
    ),
    "capacity": (
        "More calls at once, or per second, than agreed. Slow the dialer down or have the limit raised.",
        "Plus d’appels simultanés, ou par seconde, que convenu. Ralentissez le numéroteur ou faites relever la limite.",
    ),
    "ledger": (
        "Refusals, consents and attempts could not be read in time, so the call was refused as a precaution. Call again shortly.",
        "Les refus, consentements et tentatives n’ont pas pu être lus à temps ; l’appel a été refusé par précaution. Rappelez sous peu.",
    ),
    "presentation.withheld": (
        "The call went on without a number (“Numéro inconnu”): the customer has none that may be shown. An NPV would be.",
        "L’appel est parti sans numéro (« Numéro inconnu ») : le client n’en a aucun d’affichable. Un NPV le serait.",
    ),
    "presentation": (
        "The call went on and showed the number above.",
        "L’appel est parti en affichant le numéro ci-dessus.",
    ),
    "numbering": (
        "The call went on; a number had been written in an unusual way and was understood.",
        "L’appel est parti ; un numéro écrit de façon inhabituelle a été compris.",
    ),
}


def word(table: dict[str, tuple[str, str]], key: str, language: str) -> str:
    """The word for `key`; the key itself where there is none."""
    found = table.get(key)
    return key if found is None else found[LANGUAGES.index(language)]


def advice(rule: str, language: str) -> str:
    """What to tell the customer about a decision by that rule; empty for a rule of nobody's family."""
    found = ADVICE.get(rule) or ADVICE.get(rule.partition(".")[0])
    return "" if found is None else found[LANGUAGES.index(language)]
