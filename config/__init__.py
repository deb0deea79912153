"""The roof: settings, addresses, the Celery application, and how the whole is started."""
