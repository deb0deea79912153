"""Kinds of jobs: what runs in the background, declared once.

A ``JobKind`` stands in the app whose work it does and is named in ``settings.JOB_KINDS``. Services
create jobs (``core.services.job``) and execute them (``core.services.job_execution``).
"""
