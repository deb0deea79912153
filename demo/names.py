"""Names of organisations and people, put together at random and never given twice."""

import random
from dataclasses import dataclass

from demo import words
from demo.units import City

ATTEMPTS = 60
KINDS = ("enterprise", "institution", "government", "social_organisation", "channel_partner")
KIND_WEIGHTS = (75, 10, 5, 5, 5)
CITY_WIDE = 0.2
PROVINCIAL = 0.2


@dataclass(frozen=True)
class Named:
    """A name, the category it belongs to, and its division of GB/T 4754-2017."""

    name: str
    category: str
    division: str


class Namer:
    """Gives out names; knows those it has given."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._given: set[str] = set()
        self._forms = [form for form, _weight in words.LEGAL_FORMS]
        self._weights = [weight for _form, weight in words.LEGAL_FORMS]

    def organisation(self, city: City) -> Named:
        """Return an organisation of the city that has not been named before."""
        kind = self._rng.choices(KINDS, KIND_WEIGHTS)[0]
        for attempt in range(ATTEMPTS):
            # A city has only so many bureaus: whoever finds none becomes an enterprise.
            found = self._try(kind if attempt < ATTEMPTS // 2 else "enterprise", city)
            if found.name not in self._given:
                self._given.add(found.name)
                return found
        raise IndexError(f"no name left for another customer of {city.name_zh}")

    def branch(self, parent: str, city: City) -> str:
        """Return a name for a subsidiary of ``parent``, or an empty one when it has one there."""
        name = f"{parent}{city.name_zh}分公司"
        if name in self._given:
            return ""
        self._given.add(name)
        return name

    def person(self) -> str:
        """Return the name of a person; two may bear the same."""
        return self._rng.choice(words.SURNAMES) + self._rng.choice(words.GIVEN_NAMES)

    def _try(self, kind: str, city: City) -> Named:
        if kind == "enterprise":
            return self._business(kind, city, words.TRADES)
        if kind == "channel_partner":
            return self._business(kind, city, words.CHANNEL_TRADES)
        if kind == "government":
            return self._public(kind, city, words.BUREAUS)
        if kind == "social_organisation":
            return self._public(kind, city, words.SOCIAL_ORGANISATIONS)
        if self._rng.random() < CITY_WIDE:
            word, division = self._rng.choice(words.CITY_INSTITUTIONS)
            return Named(f"{city.name_zh}市{word}", kind, division)
        return self._public(kind, city, words.AREA_INSTITUTIONS)

    def _business(self, kind: str, city: City, trades: words.Pairs) -> Named:
        rng = self._rng
        place = city.province if rng.random() < PROVINCIAL else city.name_zh
        brand = rng.choice(words.BRANDS)
        trade, division = rng.choice(trades)
        if trade.endswith(words.OWN_FORM):
            return Named(f"{place}{brand}{trade}", kind, division)
        form = rng.choices(self._forms, self._weights)[0]
        return Named(f"{place}{brand}{trade}{form}", kind, division)

    def _public(self, kind: str, city: City, bodies: words.Pairs) -> Named:
        body, division = self._rng.choice(bodies)
        area = self._rng.choice(("", *words.COUNTIES))
        party = words.PARTY if division == words.PARTY_DIVISION else ""
        return Named(f"{party}{city.name_zh}市{area}{body}", kind, division)
