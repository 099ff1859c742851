"""Find personal data by rules and mask them: e-mail addresses, telephone numbers, payment cards, bank accounts, numbers of identity."""

from __future__ import annotations

import re
from collections.abc import Callable

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{1,4}){3,8}\b")
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])")
_PHONE = re.compile(
    r"(?<![\w.:/-])(?:\+\d{1,3}[ .()/-]{0,2}|\(0?\d{2,5}\)[ .-]?|0\d{1,4}[ ./-]{1,3})\d(?:[ .()/-]{0,2}\d){5,11}(?![\w-])"
    r"|(?<![\w.:/-])\d{3}-\d{3}-\d{4}(?![\w-])"
    r"|(?<![A-Za-z0-9.:/-])1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![A-Za-z0-9-])"  # mobile, China
)
_IDENTITY = re.compile(
    r"(?<![A-Za-z0-9.-])(?:"
    r"(?P<resident>\d{6}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])"  # GB 11643-1999
    r"|(?P<dni>\d{8}-?[A-HJ-NP-TV-Z])"  # Spain
    r"|(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}"  # social security, USA
    r"|(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"  # national insurance, UK
    r")(?![A-Za-z0-9-])"
)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def mask(text: str) -> str:
    """Return ``text`` with ``<email>``, ``<iban>``, ``<id>``, ``<card>`` and ``<phone>`` in place of what looks like one.

    Cards are told from other long numbers by Luhn's check digit, accounts by that of ISO 7064, numbers of identity by form and, where they have
    one (China, Spain), by their check character; a telephone number begins with +, 0
    or an area code in brackets, so that ids, times and prices stay.
    """
    if "@" in text:
        text = _EMAIL.sub("<email>", text)
    text = _IBAN.sub(_if(_is_iban, "<iban>"), text)
    text = _IDENTITY.sub(_of_identity, text)
    text = _CARD.sub(_if(_is_card, "<card>"), text)
    return _PHONE.sub("<phone>", text)


def _if(is_one: Callable[[str], bool], name: str) -> Callable[[re.Match[str]], str]:
    return lambda found: name if is_one(found[0]) else found[0]


def _of_identity(found: re.Match[str]) -> str:
    if number := found["resident"]:
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], _RESIDENT_WEIGHTS, strict=True))
        right = "10X98765432"[total % 11] == number[17].upper()
    elif number := found["dni"]:
        right = "TRWAGMYFPDXBNJZSQVHLCKE"[int(number[:8]) % 23] == number[-1]
    else:
        right = True
    return "<id>" if right else found[0]


def _is_card(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
