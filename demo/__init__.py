"""The demonstration company: invented users, customers, transactions and complaints.

``manage.py make_demo`` parses a ``plan.Plan`` and calls ``company.make_company``, which calls the
other modules in order: units, people, custom fields, customers, transactions, complaints.
"""
