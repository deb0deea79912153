"""URLs of the REST API of the files of records."""

from django.urls import URLPattern

from core.api.attachments import api_file_urls
from core.files.records import attachment_records

urlpatterns: list[URLPattern] = []
for records in attachment_records().values():
    urlpatterns += api_file_urls(records)
