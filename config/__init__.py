"""The Django project: settings, root URLs, the Celery application, WSGI and the navigation."""
