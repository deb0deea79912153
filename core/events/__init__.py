"""Events say that something happened: a record changed, an import has finished (docs/adr/0020).

Apps declare their types (``declarations``). Database triggers (``triggers``) and ``emit`` of
``core.services.event`` write them, and consumers (``consumers``) handle them.
"""
