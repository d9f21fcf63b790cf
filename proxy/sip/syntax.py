"""The words of SIP: header names in every spelling, methods, phrases, limits and the token grammar.

One place for what RFC 3261 section 25 and section 7.3.3 fix; no parsing logic lives here. Header names are used in
lower case everywhere below the parser (`b"call-id"`), so that a name is compared as one bytes object.
"""

from __future__ import annotations

from typing import Final

MAX_MESSAGE: Final = 65535
MAX_HEADERS: Final = 256
MAX_LINE: Final = 8192  # the start line, and each header once unfolded
MAX_CSEQ: Final = 2**31 - 1
# single bytes, to be looked for as numbers: `b"," in value` first tries its left side as a number and fails
NUL: Final = 0x00
TAB: Final = 0x09
LF: Final = 0x0A
CR: Final = 0x0D
SPACE: Final = 0x20
QUOTE: Final = 0x22
PERCENT: Final = 0x25
COMMA: Final = 0x2C
DOT: Final = 0x2E
SLASH: Final = 0x2F
ZERO: Final = 0x30
SIX: Final = 0x36
NINE: Final = 0x39
COLON: Final = 0x3A
SEMICOLON: Final = 0x3B
LESS: Final = 0x3C
EQUALS: Final = 0x3D
GREATER: Final = 0x3E
QUESTION: Final = 0x3F
AT: Final = 0x40
OPENING: Final = 0x5B
BACKSLASH: Final = 0x5C
DELETE: Final = 0x7F
COOKIE: Final = b"z9hG4bK"

COMPACT: Final = {  # RFC 3261 7.3.3 and 20, RFC 3515, 3841, 3892, 4028, 4474, 6665
    b"a": b"accept-contact", b"b": b"referred-by", b"c": b"content-type", b"d": b"request-disposition",
    b"e": b"content-encoding", b"f": b"from", b"i": b"call-id", b"j": b"reject-contact", b"k": b"supported",
    b"l": b"content-length", b"m": b"contact", b"n": b"identity-info", b"o": b"event", b"r": b"refer-to",
    b"s": b"subject", b"t": b"to", b"u": b"allow-events", b"v": b"via", b"x": b"session-expires", b"y": b"identity",
}  # fmt: skip

SPELLING: Final[dict[bytes, bytes]] = {  # names as they are filed, and as RFC 3261 and others spell them
    b"via": b"Via", b"from": b"From", b"to": b"To", b"call-id": b"Call-ID", b"cseq": b"CSeq", b"contact": b"Contact",
    b"max-forwards": b"Max-Forwards", b"content-type": b"Content-Type", b"content-length": b"Content-Length",
    b"route": b"Route", b"record-route": b"Record-Route", b"allow": b"Allow", b"supported": b"Supported",
    b"require": b"Require", b"proxy-require": b"Proxy-Require", b"unsupported": b"Unsupported",
    b"user-agent": b"User-Agent", b"server": b"Server", b"accept": b"Accept", b"accept-encoding": b"Accept-Encoding",
    b"accept-language": b"Accept-Language", b"content-disposition": b"Content-Disposition",
    b"content-language": b"Content-Language", b"content-encoding": b"Content-Encoding",
    b"mime-version": b"MIME-Version", b"session-expires": b"Session-Expires", b"min-se": b"Min-SE", b"rseq": b"RSeq",
    b"rack": b"RAck", b"reason": b"Reason", b"date": b"Date", b"subject": b"Subject",
    b"p-early-media": b"P-Early-Media", b"alert-info": b"Alert-Info", b"expires": b"Expires",
    b"retry-after": b"Retry-After", b"recv-info": b"Recv-Info", b"info-package": b"Info-Package",
    b"p-asserted-identity": b"P-Asserted-Identity", b"p-preferred-identity": b"P-Preferred-Identity",
    b"remote-party-id": b"Remote-Party-ID", b"privacy": b"Privacy", b"diversion": b"Diversion",
    b"history-info": b"History-Info", b"identity": b"Identity", b"call-info": b"Call-Info",
    b"referred-by": b"Referred-By", b"reply-to": b"Reply-To", b"organization": b"Organization",
    b"warning": b"Warning", b"authorization": b"Authorization", b"proxy-authorization": b"Proxy-Authorization",
    b"www-authenticate": b"WWW-Authenticate", b"proxy-authenticate": b"Proxy-Authenticate",
    b"in-reply-to": b"In-Reply-To", b"timestamp": b"Timestamp", b"event": b"Event", b"refer-to": b"Refer-To",
    b"session-id": b"Session-ID", b"user-to-user": b"User-to-User", b"max-breadth": b"Max-Breadth",
}  # fmt: skip

KNOWN: Final[dict[bytes, bytes]] = {}
for _lower, _name in SPELLING.items():
    for _seen in (_name, _lower, _name.upper()):
        KNOWN[_seen] = _lower
for _name, _lower in COMPACT.items():
    KNOWN[_name] = _lower
    KNOWN[_name.upper()] = _lower
KNOWN[b"Call-Id"] = b"call-id"
KNOWN[b"Cseq"] = b"cseq"

# RFC 3261 20: fields that may stand once; a second one makes the message ambiguous (RFC 4475 3.3.8)
SINGLE: Final = frozenset(
    (b"from", b"to", b"call-id", b"cseq", b"max-forwards", b"content-length", b"content-type")
)  # fmt: skip

METHODS: Final = {
    b"INVITE": "INVITE", b"ACK": "ACK", b"BYE": "BYE", b"CANCEL": "CANCEL", b"OPTIONS": "OPTIONS", b"PRACK": "PRACK",
    b"UPDATE": "UPDATE", b"INFO": "INFO", b"MESSAGE": "MESSAGE", b"REFER": "REFER", b"NOTIFY": "NOTIFY",
    b"SUBSCRIBE": "SUBSCRIBE", b"REGISTER": "REGISTER", b"PUBLISH": "PUBLISH",
}  # fmt: skip

OUTSIDE_URI: Final = bytes(range(33)) + b'"<>\x7f'  # never inside a URI, whatever its scheme
TOKEN_BYTES: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")

PHRASES: Final = {  # RFC 3261 21 and the registry of later codes
    100: b"Trying", 180: b"Ringing", 181: b"Call Is Being Forwarded", 182: b"Queued", 183: b"Session Progress",
    199: b"Early Dialog Terminated", 200: b"OK", 202: b"Accepted", 204: b"No Notification", 300: b"Multiple Choices",
    301: b"Moved Permanently", 302: b"Moved Temporarily", 305: b"Use Proxy", 380: b"Alternative Service",
    400: b"Bad Request", 401: b"Unauthorized", 402: b"Payment Required", 403: b"Forbidden", 404: b"Not Found",
    405: b"Method Not Allowed", 406: b"Not Acceptable", 407: b"Proxy Authentication Required",
    408: b"Request Timeout", 410: b"Gone", 412: b"Conditional Request Failed", 413: b"Request Entity Too Large",
    414: b"Request-URI Too Long", 415: b"Unsupported Media Type", 416: b"Unsupported URI Scheme",
    420: b"Bad Extension", 421: b"Extension Required", 422: b"Session Interval Too Small",
    423: b"Interval Too Brief", 428: b"Use Identity Header", 433: b"Anonymity Disallowed",
    436: b"Bad Identity Info", 437: b"Unsupported Credential", 438: b"Invalid Identity Header",
    440: b"Max-Breadth Exceeded", 469: b"Bad Info Package", 470: b"Consent Needed", 480: b"Temporarily Unavailable",
    481: b"Call/Transaction Does Not Exist", 482: b"Loop Detected", 483: b"Too Many Hops",
    484: b"Address Incomplete", 485: b"Ambiguous", 486: b"Busy Here", 487: b"Request Terminated",
    488: b"Not Acceptable Here", 489: b"Bad Event", 491: b"Request Pending", 493: b"Undecipherable",
    494: b"Security Agreement Required", 500: b"Server Internal Error", 501: b"Not Implemented",
    502: b"Bad Gateway", 503: b"Service Unavailable", 504: b"Server Time-out", 505: b"Version Not Supported",
    513: b"Message Too Large", 580: b"Precondition Failure", 600: b"Busy Everywhere", 603: b"Decline",
    604: b"Does Not Exist Anywhere", 606: b"Not Acceptable", 607: b"Unwanted", 608: b"Rejected",
}  # fmt: skip

_CLASS_PHRASES: Final = (b"", b"Session Progress", b"OK", b"Multiple Choices", b"Bad Request",
                         b"Server Internal Error", b"Decline")  # fmt: skip


_DECIMALS: Final = [b"%d" % number for number in range(2048)]


def decimal(number: int) -> bytes:
    """A number from 0 on in digits."""
    return _DECIMALS[number] if number < len(_DECIMALS) else b"%d" % number


def same_names(names: frozenset[bytes]) -> frozenset[bytes]:
    """These names, each as the very object that the parser files it under: they are then found without a comparison."""
    return frozenset([KNOWN.get(name, name) for name in names])


def phrase(status: int) -> bytes:
    """The standard reason phrase of `status` (100 to 699); an unknown code gets that of its class (RFC 3261 8.1.3.2)."""
    return PHRASES.get(status) or _CLASS_PHRASES[status // 100]


def is_token(text: bytes) -> bool:
    """Is `text` a token of RFC 3261 25.1: one or more of its letters, nothing else."""
    return bool(text) and TOKEN_BYTES.issuperset(text)
