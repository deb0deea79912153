"""Models of complaints."""

from satisfaction.models.complaint import Complaint, ComplaintEntry, ComplaintSeries

__all__ = ["Complaint", "ComplaintEntry", "ComplaintSeries"]
