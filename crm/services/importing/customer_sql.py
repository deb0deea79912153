"""The statements of the customer import. ``stage_target`` holds the rows still thought good."""

LOCK_KNOWN = """
    SELECT count(*) FROM (
        SELECT c.id FROM crm_customer c JOIN stage_known k USING (id) ORDER BY c.id FOR UPDATE OF c
    ) locked
"""
# New customers get their id here, so that rows can name each other as parents.
TARGET = """
    CREATE TEMP TABLE stage_target ON COMMIT DROP AS
    SELECT s.line, s.code, s.name, s.industry_id, s.source_id, s.category_id, s.stage, s.grade_id,
           s.owner_id, s.unit_id, s.parent, NULL::bigint AS parent_id, k.id IS NULL AS is_new,
           coalesce(k.id, nextval(pg_get_serial_sequence('crm_customer', 'id'))) AS customer_id,
           row_number() OVER (PARTITION BY s.code ORDER BY s.line) AS nth
      FROM stage s LEFT JOIN stage_known k ON k.code = s.code
     WHERE s.fault IS NULL
"""
CONTRADICTIONS = """
    WITH taken AS (
        DELETE FROM stage_target later USING stage_target first
         WHERE later.nth > 1 AND first.nth = 1 AND first.code = later.code
           AND (later.name, later.industry_id, later.source_id, later.category_id, later.stage,
                later.grade_id, later.owner_id, later.unit_id, later.parent)
               IS DISTINCT FROM
               (first.name, first.industry_id, first.source_id, first.category_id, first.stage,
                first.grade_id, first.owner_id, first.unit_id, first.parent)
        RETURNING later.line, later.code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM taken
"""
ELSEWHERE = """
    WITH taken AS (
        DELETE FROM stage_target t USING crm_customer c
         WHERE t.is_new AND c.code = t.code
        RETURNING t.line, t.code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM taken
"""
BAD_CODES = """
    WITH taken AS (
        DELETE FROM stage_target WHERE is_new AND code !~ %(pattern)s RETURNING line, code
    )
    INSERT INTO stage_reject SELECT line, %(column)s, code, %(code)s FROM taken
"""
NAMELESS = """
    WITH taken AS (DELETE FROM stage_target WHERE is_new AND name IS NULL RETURNING line)
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM taken
"""
# The rule of crm.services.customer: only what stays one's own may be placed without the right.
MISPLACED = """
    WITH taken AS (
        DELETE FROM stage_target t
         WHERE (t.is_new AND (t.owner_id <> %(actor)s OR t.unit_id <> %(unit)s))
            OR EXISTS (SELECT 1 FROM crm_customer c
                        WHERE c.id = t.customer_id
                          AND (coalesce(t.owner_id, c.owner_id) IS DISTINCT FROM c.owner_id
                               OR coalesce(t.unit_id, c.unit_id) <> c.unit_id))
        RETURNING line
    )
    INSERT INTO stage_reject SELECT line, %(column)s, '', %(code)s FROM taken
"""
RESOLVE_PARENTS = """
    UPDATE stage_target t SET parent_id = p.id
      FROM stage_target same
      LEFT JOIN (SELECT code, id FROM stage_known
                  UNION ALL
                 SELECT code, customer_id FROM stage_target WHERE is_new) p ON p.code = same.parent
     WHERE t.line = same.line AND t.parent_id IS DISTINCT FROM p.id
"""
ORPHANS = """
    WITH taken AS (
        DELETE FROM stage_target WHERE parent IS NOT NULL AND parent_id IS NULL
        RETURNING line, parent
    )
    INSERT INTO stage_reject SELECT line, %(column)s, parent, %(code)s FROM taken
"""
# Walks up from every row that names a parent, over the file's word first and the database's where
# the file says nothing. Only when no circle is left is a long walk one that is too long: before,
# it may be a row that merely hangs below a circle.
CIRCLES = """
    WITH RECURSIVE up (customer_id, above, level) AS (
        SELECT customer_id, parent_id, 1 FROM stage_target WHERE parent_id IS NOT NULL
        UNION ALL
        SELECT up.customer_id, coalesce(t.parent_id, c.parent_id), up.level + 1
          FROM up
          LEFT JOIN stage_target t ON t.customer_id = up.above
          LEFT JOIN crm_customer c ON c.id = up.above
         WHERE up.above <> up.customer_id AND up.level < %(most_levels)s
    ), taken AS (
        DELETE FROM stage_target t
         WHERE t.customer_id IN (
               SELECT customer_id FROM up
                WHERE above = customer_id
                   OR (level = %(most_levels)s AND above IS NOT NULL
                       AND NOT EXISTS (SELECT 1 FROM up circle
                                        WHERE circle.above = circle.customer_id)))
        RETURNING t.line, t.parent
    )
    INSERT INTO stage_reject SELECT line, %(column)s, parent, %(code)s FROM taken
"""
# Parameters by position, which is all that pgtrigger.ignore gets along with.
INSERT = """
    INSERT INTO crm_customer
           (id, code, name, industry_id, source_id, category_id, stage, grade_id, owner_id, unit_id,
            parent_id, version, created_at, updated_at)
    SELECT customer_id, code, name, industry_id, source_id, category_id,
           coalesce(stage, %s), grade_id, coalesce(owner_id, %s), coalesce(unit_id, %s), parent_id,
           1, now(), now()
      FROM stage_target WHERE is_new
     ORDER BY line
"""
UPDATE = """
    UPDATE crm_customer c
       SET name = wanted.name, industry_id = wanted.industry_id, source_id = wanted.source_id,
           category_id = wanted.category_id, stage = wanted.stage, grade_id = wanted.grade_id,
           owner_id = wanted.owner_id, unit_id = wanted.unit_id, parent_id = wanted.parent_id,
           version = c.version + 1, updated_at = now()
      FROM (SELECT t.customer_id, coalesce(t.name, old.name) AS name,
                   coalesce(t.industry_id, old.industry_id) AS industry_id,
                   coalesce(t.source_id, old.source_id) AS source_id,
                   coalesce(t.category_id, old.category_id) AS category_id,
                   coalesce(t.stage, old.stage) AS stage,
                   coalesce(t.grade_id, old.grade_id) AS grade_id,
                   coalesce(t.owner_id, old.owner_id) AS owner_id,
                   coalesce(t.unit_id, old.unit_id) AS unit_id,
                   coalesce(t.parent_id, old.parent_id) AS parent_id
              FROM stage_target t JOIN crm_customer old ON old.id = t.customer_id
             WHERE NOT t.is_new) wanted
     WHERE c.id = wanted.customer_id
       AND (c.name, c.industry_id, c.source_id, c.category_id, c.stage, c.grade_id, c.owner_id,
            c.unit_id, c.parent_id)
           IS DISTINCT FROM
           (wanted.name, wanted.industry_id, wanted.source_id, wanted.category_id, wanted.stage,
            wanted.grade_id, wanted.owner_id, wanted.unit_id, wanted.parent_id)
"""
