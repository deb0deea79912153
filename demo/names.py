"""Generating random Chinese names of organisations, which are unique, and of people.

For example, ``兰州恒科软件有限公司`` is area 兰州, brand 恒科, trade 软件, legal form 有限公司;
``兰州市城东区图书馆`` is city, county and a public institution.
"""

import random
from dataclasses import dataclass

from demo import vocabulary
from demo.units import City

MAX_ATTEMPTS = 60  # to find a name that no customer has yet
# The codes of the customers' categories, and the percentage of customers in each.
CATEGORIES = ("enterprise", "institution", "government", "social_organisation", "channel_partner")
CATEGORY_WEIGHTS = (75, 10, 5, 5, 5)
CITY_INSTITUTION_PROBABILITY = 0.2  # that an institution is the city's and not a county's
PROVINCE_NAME_PROBABILITY = 0.2  # that an enterprise is named after its province


@dataclass(frozen=True)
class OrganisationName:
    """A name with the codes of the category and the industry division that fit it.

    For example ``兰州恒科软件有限公司``, ``"enterprise"`` and ``"65"`` of GB/T 4754-2017.
    """

    text: str
    category: str
    division: str


class NameGenerator:
    """Generates names, and remembers those of organisations to keep them unique."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used_names: set[str] = set()
        self._legal_forms = [legal_form for legal_form, _weight in vocabulary.LEGAL_FORMS]
        self._legal_form_weights = [weight for _legal_form, weight in vocabulary.LEGAL_FORMS]

    def make_organisation_name(self, city: City) -> OrganisationName:
        """Return a new name for an organisation of the city.

        Raises IndexError when no unused name is found.
        """
        category = self._rng.choices(CATEGORIES, CATEGORY_WEIGHTS)[0]
        for attempt in range(MAX_ATTEMPTS):
            # A city has few names of bureaus. When they are used up, enterprises are made instead.
            if attempt == MAX_ATTEMPTS // 2:
                category = "enterprise"
            name = self._make_random_name(category, city)
            if name.text not in self._used_names:
                self._used_names.add(name.text)
                return name
        raise IndexError(f"no name left for another customer of {city.name_zh}")

    def make_subsidiary_name(self, parent: str, city: City) -> str:
        """Return a name for a subsidiary of the organisation named ``parent``.

        Returns an empty text if it has a subsidiary in the city already.
        """
        name = f"{parent}{city.name_zh}分公司"
        if name in self._used_names:
            return ""
        self._used_names.add(name)
        return name

    def make_person_name(self) -> str:
        """Return the name of a person, which need not be unique."""
        return self._rng.choice(vocabulary.SURNAMES) + self._rng.choice(vocabulary.GIVEN_NAMES)

    def _make_random_name(self, category: str, city: City) -> OrganisationName:
        if category == "enterprise":
            return self._make_business_name(category, city, vocabulary.TRADES)
        if category == "channel_partner":
            return self._make_business_name(category, city, vocabulary.CHANNEL_TRADES)
        if category == "government":
            return self._make_public_name(category, city, vocabulary.BUREAUS)
        if category == "social_organisation":
            return self._make_public_name(category, city, vocabulary.SOCIAL_ORGANISATIONS)
        if self._rng.random() < CITY_INSTITUTION_PROBABILITY:
            institution, division = self._rng.choice(vocabulary.CITY_INSTITUTIONS)
            return OrganisationName(f"{city.name_zh}市{institution}", category, division)
        return self._make_public_name(category, city, vocabulary.AREA_INSTITUTIONS)

    def _make_business_name(
        self, category: str, city: City, trades: vocabulary.WordsWithDivision
    ) -> OrganisationName:
        rng = self._rng
        area = city.province if rng.random() < PROVINCE_NAME_PROBABILITY else city.name_zh
        brand = rng.choice(vocabulary.BRANDS)
        trade, division = rng.choice(trades)
        if trade.endswith(vocabulary.LEGAL_FORM_SUFFIX):
            return OrganisationName(f"{area}{brand}{trade}", category, division)
        legal_form = rng.choices(self._legal_forms, self._legal_form_weights)[0]
        return OrganisationName(f"{area}{brand}{trade}{legal_form}", category, division)

    def _make_public_name(
        self, category: str, city: City, bodies: vocabulary.WordsWithDivision
    ) -> OrganisationName:
        body, division = self._rng.choice(bodies)
        county = self._rng.choice(("", *vocabulary.COUNTIES))  # "": a body of the city itself
        prefix = vocabulary.PARTY_PREFIX if division == vocabulary.PARTY_DIVISION else ""
        return OrganisationName(f"{prefix}{city.name_zh}市{county}{body}", category, division)
