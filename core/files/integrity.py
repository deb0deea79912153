"""Operations for migrations: the database keeps files and their records together.

``Attachment`` refers to records of several tables, so no foreign key can. Two triggers for each
record type do the same: a file cannot be added to a record that does not exist, and the rows of its
files are deleted with a record. The functions are made by the migration ``core.0003_attachment``.
"""

from django.db.migrations import RunSQL

FUNCTIONS = """
CREATE FUNCTION core_require_attachment_record() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found_rows integer;
BEGIN
    -- Locks the record like a foreign key: it cannot be deleted before this transaction ends.
    EXECUTE format('SELECT 1 FROM %I WHERE id = $1 FOR KEY SHARE', TG_ARGV[0])
      USING NEW.record_id;
    GET DIAGNOSTICS found_rows = ROW_COUNT;
    IF found_rows = 0 THEN
        RAISE EXCEPTION '% % does not exist', NEW.record_type, NEW.record_id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'core_attachment_record_exists';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION core_delete_attachments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM core_attachment USING old_records
     WHERE record_type = TG_ARGV[0] AND record_id = old_records.id;
    RETURN NULL;
END $$;
"""
DROP_FUNCTIONS = """
DROP FUNCTION core_delete_attachments();
DROP FUNCTION core_require_attachment_record();
"""


def keep_attachments_with(record_type: str, table: str) -> RunSQL:
    """Return the operation that makes both triggers for a record type.

    ``record_type`` is the name of its ``AttachmentRecords``, ``table`` the table of the records.
    """
    return RunSQL(
        f"""
        CREATE TRIGGER require_{record_type} BEFORE INSERT OR UPDATE OF record_type, record_id
            ON core_attachment FOR EACH ROW WHEN (NEW.record_type = '{record_type}')
            EXECUTE FUNCTION core_require_attachment_record('{table}');
        CREATE TRIGGER delete_attachments AFTER DELETE ON {table}
            REFERENCING OLD TABLE AS old_records FOR EACH STATEMENT
            EXECUTE FUNCTION core_delete_attachments('{record_type}');
        """,
        f"""
        DROP TRIGGER delete_attachments ON {table};
        DROP TRIGGER require_{record_type} ON core_attachment;
        """,
    )
