"""Invented people: names nobody bears, phones nobody answers, reserved mail domains.

What people do belongs to `leads.py` and `sales.py`.
"""

from dataclasses import dataclass, field

from pipelines.sandbox.story.dice import Dice

STARS = (
    "Altair", "Bellatrix", "Capella", "Deneb", "Elnath", "Fomalhaut", "Gemma",
    "Hadar", "Izar", "Kochab", "Lyra", "Mizar", "Naos", "Polaris", "Rigel",
    "Sirius", "Thuban", "Vega",
)  # fmt: skip
MAIL_DOMAINS = ("example.com", "example.org", "mail.example", "post.example")


@dataclass
class Person:
    """Somebody with one phone and one mail address, known to the CRM by a contact."""

    number: int
    name: str
    phone: str
    email: str
    contact_id: int
    extra_phones: list[str] = field(default_factory=list)
    extra_emails: list[str] = field(default_factory=list)


class Crowd:
    """Where new people come from; no two share a phone, a mail or a contact."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._count = 0

    def newcomer(
        self,
        *,
        name: str | None = None,
        phone: str | None = None,
        email: str | None = None,
    ) -> Person:
        """Return a person nobody has met yet, in part as given."""
        self._count += 1
        number = self._count
        star = self._dice.choice(STARS)
        domain = self._dice.choice(MAIL_DOMAINS)
        return Person(
            number=number,
            name=name or f"{star} Sample{number}",
            phone=phone or f"77000{number:06d}",
            email=email or f"{star.lower()}.{number}@{domain}",
            contact_id=45_000_000 + number * 13,
        )


def spell_phone(dice: Dice, phone: str) -> str:
    """Write an eleven-digit phone the way some form or manager would."""
    operator, first, second, third = phone[1:4], phone[4:7], phone[7:9], phone[9:]
    return dice.pick(
        {
            f"+{phone}": 40,
            phone: 20,
            f"8{phone[1:]}": 12,
            f"+7 ({operator}) {first}-{second}-{third}": 14,
            f"8 {operator} {first} {second} {third}": 6,
            f"+7-{operator}-{first}-{second}-{third}": 4,
            phone[1:]: 4,
        }
    )


def spell_email(dice: Dice, email: str) -> str:
    """Write a mail address, sometimes with the capitals of a phone keyboard."""
    return dice.pick({email: 90, email.capitalize(): 7, f" {email.upper()} ": 3})


def digits_and_plus(phone: str) -> str:
    """Return what Landing keeps as `phone_normalized`."""
    return "".join(mark for mark in phone if mark.isdigit() or mark == "+")
