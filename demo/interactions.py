"""Making the interactions of the last year, in one statement for all customers.

The random numbers are bits of hashes of the customer's id and the number of the interaction, so
that the same plan gives the same interactions, and millions of rows take no loop in Python.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import User
from common.copying import copy_rows
from demo.complaint_templates import PRODUCTS
from demo.people import agents_by_unit
from demo.plan import Plan
from demo.progress import Progress
from demo.table_rebuild import without_keys_and_indexes
from demo.units import Organisation

TABLE = "crm_interaction"
# Texts of interactions by phase. ``{product}`` and ``{person}`` in them are replaced; one of
# ``by_agent`` is had by a service agent, and not by the account manager.
TEMPLATES = Path(__file__).with_name("interaction_templates.csv")
PERSONS = (
    "信息中心王主任", "办公室李主任", "行政部张经理", "财务部陈经理", "总经理助理赵女士",
    "采购部刘经理", "网络管理员小马", "后勤处孙处长",
)  # fmt: skip
# How many interactions a customer of a grade has a year, before it varies from half to one and a
# half.
NUMBERS = {"AA": 16, "A": 11, "B": 8, "C": 6, "D": 4}
NEVER_CONTACTED, SILENT = 4, 20  # of 128 customers
PERIOD_DAYS = 360
NEXT_STEP = 80  # of 128 interactions whose template has one

CREATE_TEMPLATES = """
    CREATE TEMP TABLE demo_interaction_template (
        phase text, number int, channel text, direction text, minutes int, content text,
        outcome text, next_step text, by_agent boolean
    ) ON COMMIT DROP
"""
CREATE_AGENTS = "CREATE TEMP TABLE demo_agent (unit_id bigint, user_id bigint) ON COMMIT DROP"
# ``drawn`` has a row for each interaction with 60 random bits ``h``; ``newest`` is how many days
# ago the last one was. What falls on a weekend is moved to the Friday before.
INSERT_INTERACTIONS = """
    INSERT INTO crm_interaction
           (customer_id, channel, direction, phase, occurred_at, duration_minutes, user_id, content,
            outcome, next_step, next_step_on, external_id, version, created_at, updated_at)
    WITH chosen AS (
        SELECT c.id, c.stage, c.created_at, c.owner_id, a.user_id AS agent_id,
               (%(numbers)s::jsonb ->> coalesce(g.code, 'D'))::int AS usual,
               hashtextextended(c.id::text, %(seed)s) AS h
          FROM crm_customer c
          JOIN demo_agent a ON a.unit_id = c.unit_id
          LEFT JOIN crm_grade g ON g.id = c.grade_id
    ), contacted AS (
        SELECT *, greatest(1, usual * (50 + (h & 127) * 100 / 128) / 100) AS number,
               1 + ((h >> 7) & 15)
                 + CASE WHEN (h >> 12) & 127 < %(silent)s THEN 30 + ((h >> 19) & 63) ELSE 0 END
                   AS newest
          FROM chosen WHERE (h >> 26) & 127 >= %(never)s
    ), drawn AS (
        SELECT p.id, p.created_at, p.owner_id, p.agent_id, k,
               hashtextextended(p.id || '/' || k, %(seed)s) AS h,
               p.newest + k * (%(days)s - p.newest) / p.number AS days_ago,
               CASE WHEN p.stage IN ('potential', 'intending', 'lost') THEN 'pre_sale'
                    WHEN p.stage = 'prospective' THEN (ARRAY['in_sale', 'pre_sale'])[1 + k %% 2]
                    ELSE (ARRAY['after_sale', 'after_sale', 'in_sale', 'after_sale', 'pre_sale'])
                         [1 + (p.h + k) %% 5 * sign(p.h + k)::int] END AS phase
          FROM contacted p, generate_series(0, p.number - 1) AS k
    ), dated AS (
        SELECT d.*, day - CASE extract(isodow FROM day) WHEN 6 THEN 1 WHEN 7 THEN 2 ELSE 0 END
                          * interval '1 day' + (510 + (h & 511)) * interval '1 minute' AS local_at
          FROM drawn d, LATERAL (SELECT %(as_of)s::timestamp
                                        - (d.days_ago + 1) * interval '1 day' AS day) AS days
    )
    SELECT d.id, t.channel, t.direction, t.phase, at, t.minutes * (70 + ((h >> 9) & 63)) / 100,
           CASE WHEN t.by_agent THEN d.agent_id ELSE coalesce(d.owner_id, d.agent_id) END,
           replace(replace(t.content, '{product}', product), '{person}', person),
           t.outcome,
           coalesce(replace(replace(step, '{product}', product), '{person}', person), ''),
           CASE WHEN step IS NOT NULL THEN d.local_at::date + 2 + ((h >> 16) & 15)::int END,
           '', 1, at + ((h >> 20) & 127) * interval '1 minute',
           at + ((h >> 20) & 127) * interval '1 minute'
      FROM dated d
      JOIN (SELECT phase, count(*) AS number FROM demo_interaction_template GROUP BY phase) counts
           USING (phase)
      JOIN demo_interaction_template t
           ON t.phase = d.phase AND t.number = ((h >> 27) & 1023) %% counts.number,
           LATERAL (SELECT d.local_at AT TIME ZONE %(zone)s AS at,
                           (%(products)s::text[])[1 + ((h >> 37) & 7)] AS product,
                           (%(persons)s::text[])[1 + ((h >> 40) & 7)] AS person,
                           CASE WHEN (h >> 43) & 127 < %(next_step)s
                                THEN nullif(t.next_step, '') END AS step) AS texts
     WHERE at > d.created_at AND at + interval '127 minutes' < %(end)s
     ORDER BY at, d.id, k
"""


def make_interactions(
    plan: Plan,
    organisation: Organisation,
    agents_by_province: dict[str, User],
    progress: Progress,
) -> None:
    """Write the interactions in the order in which they happened.

    Must run inside an audited transaction, and the table must be empty. It stays locked until the
    transaction ends.
    """
    agents = agents_by_unit(organisation, agents_by_province)
    with without_keys_and_indexes(TABLE), connection.cursor() as cursor:
        cursor.execute(CREATE_TEMPLATES)
        copy_rows(cursor, "COPY demo_interaction_template FROM STDIN", _read_templates())
        cursor.execute(CREATE_AGENTS)
        rows = ((unit_id, agent.pk) for unit_id, agent in agents.items())
        copy_rows(cursor, "COPY demo_agent FROM STDIN", rows)
        cursor.execute("ANALYZE demo_agent")
        cursor.execute(INSERT_INTERACTIONS, _parameters(plan))
        progress.advance(cursor.rowcount)


def _read_templates() -> Iterator[Sequence[object]]:
    """Yield the rows of the table of templates, numbered within each phase."""
    numbers: Counter[str] = Counter()
    with TEMPLATES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            phase = row["phase"]
            yield (
                phase, numbers[phase], row["channel"], row["direction"], row["minutes"] or None,
                row["content"], row["outcome"], row["next_step"], row["by_agent"],
            )  # fmt: skip
            numbers[phase] += 1


def _parameters(plan: Plan) -> dict[str, Any]:
    zone = timezone.get_current_timezone()
    return {
        "numbers": json.dumps(NUMBERS),
        "seed": plan.seed,
        "silent": SILENT,
        "never": NEVER_CONTACTED,
        "days": PERIOD_DAYS,
        "next_step": NEXT_STEP,
        "as_of": plan.as_of,
        "end": datetime.combine(plan.as_of, time.min, tzinfo=zone),
        "zone": str(zone),
        "products": list(PRODUCTS),
        "persons": list(PERSONS),
    }
