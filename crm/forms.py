"""What people type about a customer."""

from typing import Any, TypeVar

from django import forms
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import OrgUnit, User
from accounts.permissions import Permission
from crm.models import Category, Customer, Grade, Industry, Source
from crm.models.customer import Stage
from crm.selectors.choices import account_managers, units

INDENT = "\u2003"
DASH = "–"
PLACEMENT = ("owner", "unit")
REFERENCES = ("grade", "industry", "category", "source")


class GradeChoice(forms.ModelChoiceField[Grade]):
    """Grades, by the letter people know them by."""

    def label_from_instance(self, obj: Grade) -> str:
        """Letter and name."""
        return f"{obj.code} {obj.name}"


class IndustryChoice(forms.ModelChoiceField[Industry]):
    """Sections, and below each its divisions."""

    def label_from_instance(self, obj: Industry) -> str:
        """Set divisions in."""
        return f"{INDENT}{obj}" if obj.parent_id else str(obj)


M = TypeVar("M", bound=Model)


class PlacementChoice(forms.ModelChoiceField[M]):
    """A choice that also takes what is in force, where that is out of the person's scope."""

    current_value: M | None = None

    def offer(self, choices: QuerySet[M], current_value: M | None) -> None:
        """Offer the choices, and what is in force where it is not among them."""
        self.queryset = choices
        self.current_value = current_value
        offered: list[tuple[Any, Any]] = [("", self.empty_label)] if self.empty_label else []
        offered += [(each.pk, self.label_from_instance(each)) for each in choices]
        if current_value is not None and all(
            value != current_value.pk for value, _label in offered
        ):
            offered.append((current_value.pk, self.label_from_instance(current_value)))
        if isinstance(self.widget, forms.Select):
            self.widget.choices = offered

    def to_python(self, value: Any) -> M | None:
        """Return what was chosen."""
        if self.current_value is not None and str(value) == str(self.current_value.pk):
            return self.current_value
        return super().to_python(value)


class PersonChoice(PlacementChoice[User]):
    """People, told apart by employee number."""

    def label_from_instance(self, obj: User) -> str:
        """Name and number."""
        return f"{obj.name} ({obj.employee_number})"


class UnitChoice(PlacementChoice[OrgUnit]):
    """Units, set in by where they stand."""

    def label_from_instance(self, obj: OrgUnit) -> str:
        """Set in below the unit it belongs to."""
        return INDENT * str(obj.path).count(".") + obj.name


class CustomerForm(forms.Form):
    """The basics of a customer, for the person who fills it in: choices are what they may choose.

    Owner and unit are asked only of those who may give customers away. ``version`` is the one the
    changes were made on.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1)
    name = forms.CharField(label=_("customer name"), max_length=200)
    code = forms.CharField(
        label=_("customer code"), max_length=40, help_text=_("Letters, digits and . _ / -")
    )
    stage = forms.ChoiceField(label=_("stage"), choices=Stage.choices)
    grade = GradeChoice(
        Grade.objects, label=_("customer grade"), required=False, empty_label=_("Not graded")
    )
    reason = forms.CharField(
        label=_("reason for the grade"),
        max_length=200,
        required=False,
        help_text=_("Asked for when the grade changes; kept in the history."),
    )
    industry = IndustryChoice(
        Industry.objects, label=_("industry"), required=False, empty_label=DASH
    )
    category = forms.ModelChoiceField(
        Category.objects, label=_("customer category"), required=False, empty_label=DASH
    )
    source = forms.ModelChoiceField(
        Source.objects, label=_("customer source"), required=False, empty_label=DASH
    )
    # What these three offer depends on who asks.
    parent = forms.ModelChoiceField[Customer](None, label=_("parent group"), required=False)
    owner = PersonChoice(
        None,
        label=_("account manager"),
        required=False,
        empty_label=_("Nobody: public pool"),
    )
    unit = UnitChoice(None, label=_("unit"), empty_label=None)

    def __init__(self, user: User, *, customer: Customer | None = None, data: Any = None) -> None:
        self.user, self.customer = user, customer
        super().__init__(data, initial=self._initial_values(user, customer))
        for name in REFERENCES:
            field, current = self._choice(name), getattr(customer, f"{name}_id", None)
            if field.queryset is not None:
                field.queryset = field.queryset.filter(Q(is_active=True) | Q(pk=current))
        self._offer_parents()
        if customer is None:
            del self.fields["reason"]
        if user.may(Permission.CUSTOMER_REASSIGN):
            self._offer_placement()
        else:
            for name in PLACEMENT:
                del self.fields[name]

    def clean_name(self) -> str:
        """Join runs of white space, which people paste and nobody sees."""
        return " ".join(self.cleaned_data["name"].split())

    def values(self) -> dict[str, Any]:
        """Return what a service takes: no version or reason, and no field that was left alone."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in {"version", "reason"}
            and (self.customer is None or name in self.changed_data)
        }

    def typed(self, name: str, raw: str) -> str:
        """Say in words what was typed or chosen in a field, as far as this person may choose it."""
        try:
            value = self.fields[name].clean(raw)
        except forms.ValidationError:
            return raw
        if isinstance(value, Model):
            return self._choice(name).label_from_instance(value).strip()
        return str(Stage(value).label) if name == "stage" else str(value or "")

    def _initial_values(self, user: User, customer: Customer | None) -> dict[str, Any]:
        if customer is None:
            return {"stage": Stage.POTENTIAL, "unit": user.unit_id}
        start = {name: getattr(customer, f"{name}_id") for name in (*REFERENCES, *PLACEMENT)}
        parent = Customer.objects.visible_to(user).filter(subsidiaries=customer).first()
        return start | {
            "version": customer.version,
            "code": customer.code,
            "name": customer.name,
            "stage": customer.stage,
            # A group of another division is neither named nor touched.
            "parent": parent.pk if parent else None,
        }

    def _choice(self, name: str) -> "forms.ModelChoiceField[Any]":
        field = self.fields[name]
        if not isinstance(field, forms.ModelChoiceField):
            raise TypeError(name)
        return field

    def _offer_parents(self) -> None:
        """Offer only the group in force: the rest is searched for, it may be 200,000."""
        field = self._choice("parent")
        visible = Customer.objects.visible_to(self.user)
        field.queryset = visible
        chosen = self["parent"].value()
        is_id = str(chosen or "").isdecimal() and len(str(chosen)) < 19
        found = visible.filter(pk=int(chosen)) if is_id else ()
        shown = [(each.pk, f"{each.name} ({each.code})") for each in found]
        own = f"?without={self.customer.pk}" if self.customer else ""
        field.widget = forms.Select(
            attrs={"data-picker": "", "data-picker-url": reverse("customer_options") + own},
            choices=[("", DASH), *shown],
        )

    def _offer_placement(self) -> None:
        """Offer who and where the person sees, and what is in force, which they may leave."""
        owner, unit = self.fields["owner"], self.fields["unit"]
        if isinstance(owner, PersonChoice):
            owner.offer(account_managers(self.user), self.customer.owner if self.customer else None)
        if isinstance(unit, UnitChoice):
            unit.offer(units(self.user), self.customer.unit if self.customer else None)
