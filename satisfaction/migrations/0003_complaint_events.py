"""Triggers that write the events of complaints."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_events_and_notices"),
        ("satisfaction", "0002_complaint_files"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="complaint",
            trigger=pgtrigger.compiler.Trigger(
                name="write_created_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH origin AS MATERIALIZED ( SELECT _pgh_attach_context() AS context_id, pg_current_xact_id()::text::bigint AS transaction_id ) INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at) SELECT \'complaint.created\', rows.id, rows.data, origin.context_id, origin.transaction_id, now() FROM (SELECT id, jsonb_strip_nulls(jsonb_build_object(\'number\', CASE WHEN "number" IS NOT NULL THEN jsonb_build_array(NULL, "number") END, \'customer\', CASE WHEN "customer_id" IS NOT NULL THEN jsonb_build_array(NULL, "customer_id") END, \'state\', CASE WHEN "state" IS NOT NULL THEN jsonb_build_array(NULL, "state") END, \'owner\', CASE WHEN "owner_id" IS NOT NULL THEN jsonb_build_array(NULL, "owner_id") END)) AS data FROM new_values) rows, origin; RETURN NULL;',
                    hash="ebefcbf73c40e18784210ac000089e1c7b288c5a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_write_created_event_49cbc",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="satisfaction_complaint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complaint",
            trigger=pgtrigger.compiler.Trigger(
                name="write_changed_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH origin AS MATERIALIZED ( SELECT _pgh_attach_context() AS context_id, pg_current_xact_id()::text::bigint AS transaction_id ) INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at) SELECT \'complaint.changed\', rows.id, rows.data, origin.context_id, origin.transaction_id, now() FROM (SELECT n.id, CASE WHEN o."number" IS DISTINCT FROM n."number" THEN jsonb_build_object(\'number\', jsonb_build_array(o."number", n."number")) ELSE \'{}\'::jsonb END || CASE WHEN o."customer_id" IS DISTINCT FROM n."customer_id" THEN jsonb_build_object(\'customer\', jsonb_build_array(o."customer_id", n."customer_id")) ELSE \'{}\'::jsonb END || CASE WHEN o."state" IS DISTINCT FROM n."state" THEN jsonb_build_object(\'state\', jsonb_build_array(o."state", n."state")) ELSE \'{}\'::jsonb END || CASE WHEN o."owner_id" IS DISTINCT FROM n."owner_id" THEN jsonb_build_object(\'owner\', jsonb_build_array(o."owner_id", n."owner_id")) ELSE \'{}\'::jsonb END || CASE WHEN o."title" IS DISTINCT FROM n."title" THEN jsonb_build_object(\'title\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."description" IS DISTINCT FROM n."description" THEN jsonb_build_object(\'description\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."opened_at" IS DISTINCT FROM n."opened_at" THEN jsonb_build_object(\'opened_at\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."opened_by_id" IS DISTINCT FROM n."opened_by_id" THEN jsonb_build_object(\'opened_by\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."closed_at" IS DISTINCT FROM n."closed_at" THEN jsonb_build_object(\'closed_at\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."closed_by_id" IS DISTINCT FROM n."closed_by_id" THEN jsonb_build_object(\'closed_by\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."resolution" IS DISTINCT FROM n."resolution" THEN jsonb_build_object(\'resolution\', NULL) ELSE \'{}\'::jsonb END AS data FROM old_values o JOIN new_values n ON n.id = o.id WHERE (o."number", o."customer_id", o."state", o."owner_id", o."title", o."description", o."opened_at", o."opened_by_id", o."closed_at", o."closed_by_id", o."resolution") IS DISTINCT FROM (n."number", n."customer_id", n."state", n."owner_id", n."title", n."description", n."opened_at", n."opened_by_id", n."closed_at", n."closed_by_id", n."resolution")) rows, origin; RETURN NULL;',
                    hash="42f030500c82358223bd0b6ee24868b86c6bcfe6",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_write_changed_event_832fd",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="satisfaction_complaint",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="complaint",
            trigger=pgtrigger.compiler.Trigger(
                name="write_deleted_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH origin AS MATERIALIZED ( SELECT _pgh_attach_context() AS context_id, pg_current_xact_id()::text::bigint AS transaction_id ) INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at) SELECT \'complaint.deleted\', rows.id, rows.data, origin.context_id, origin.transaction_id, now() FROM (SELECT id, jsonb_strip_nulls(jsonb_build_object(\'number\', CASE WHEN "number" IS NOT NULL THEN jsonb_build_array("number", NULL) END, \'customer\', CASE WHEN "customer_id" IS NOT NULL THEN jsonb_build_array("customer_id", NULL) END, \'state\', CASE WHEN "state" IS NOT NULL THEN jsonb_build_array("state", NULL) END, \'owner\', CASE WHEN "owner_id" IS NOT NULL THEN jsonb_build_array("owner_id", NULL) END)) AS data FROM old_values) rows, origin; RETURN NULL;',
                    hash="50c547895e9d2daaebde7fff23330804908b948c",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_write_deleted_event_3435e",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="satisfaction_complaint",
                    when="AFTER",
                ),
            ),
        ),
    ]
