"""What all apps share: pages, API, administration, templates and services, without CRM models."""
