"""Files that belong to records: which records have files, names, kinds, and where files are stored.

``core.models.Attachment`` is the row of a file, ``core.services.attachment`` adds and removes files
(docs/adr/0019).
"""
