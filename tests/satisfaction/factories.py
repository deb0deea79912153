"""Complaints for tests, made through the services."""

from accounts.models import User
from crm.models import Customer
from satisfaction.models import Complaint
from satisfaction.services.complaint import close_complaint, open_complaint


def make_complaint(
    customer: Customer, *, actor: User, title: str = "专线中断", closed: bool = False
) -> Complaint:
    """Open a complaint as the actor, who becomes its owner, and close it if ``closed``."""
    complaint = open_complaint(
        customer_id=customer.pk, title=title, description="上午 9 点起中断。", actor=actor
    )
    if closed:
        complaint = close_complaint(
            complaint_id=complaint.pk, resolution="已更换光模块。", actor=actor
        )
    return complaint
