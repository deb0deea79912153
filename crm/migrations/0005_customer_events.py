"""Triggers that write the events of customers."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_events_and_notices"),
        ("crm", "0004_customer_files"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="write_created_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH origin AS MATERIALIZED ( SELECT _pgh_attach_context() AS context_id, pg_current_xact_id()::text::bigint AS transaction_id ) INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at) SELECT \'customer.created\', rows.id, rows.data, origin.context_id, origin.transaction_id, now() FROM (SELECT id, jsonb_strip_nulls(jsonb_build_object(\'code\', CASE WHEN "code" IS NOT NULL THEN jsonb_build_array(NULL, "code") END, \'stage\', CASE WHEN "stage" IS NOT NULL THEN jsonb_build_array(NULL, "stage") END, \'grade\', CASE WHEN "grade_id" IS NOT NULL THEN jsonb_build_array(NULL, "grade_id") END, \'owner\', CASE WHEN "owner_id" IS NOT NULL THEN jsonb_build_array(NULL, "owner_id") END, \'unit\', CASE WHEN "unit_id" IS NOT NULL THEN jsonb_build_array(NULL, "unit_id") END)) AS data FROM new_values) rows, origin; RETURN NULL;',
                    hash="560bcf25123f27731d9c739e60a274d71203b018",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_write_created_event_54e9e",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="crm_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="write_changed_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH origin AS MATERIALIZED ( SELECT _pgh_attach_context() AS context_id, pg_current_xact_id()::text::bigint AS transaction_id ) INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at) SELECT \'customer.changed\', rows.id, rows.data, origin.context_id, origin.transaction_id, now() FROM (SELECT n.id, CASE WHEN o."code" IS DISTINCT FROM n."code" THEN jsonb_build_object(\'code\', jsonb_build_array(o."code", n."code")) ELSE \'{}\'::jsonb END || CASE WHEN o."stage" IS DISTINCT FROM n."stage" THEN jsonb_build_object(\'stage\', jsonb_build_array(o."stage", n."stage")) ELSE \'{}\'::jsonb END || CASE WHEN o."grade_id" IS DISTINCT FROM n."grade_id" THEN jsonb_build_object(\'grade\', jsonb_build_array(o."grade_id", n."grade_id")) ELSE \'{}\'::jsonb END || CASE WHEN o."owner_id" IS DISTINCT FROM n."owner_id" THEN jsonb_build_object(\'owner\', jsonb_build_array(o."owner_id", n."owner_id")) ELSE \'{}\'::jsonb END || CASE WHEN o."unit_id" IS DISTINCT FROM n."unit_id" THEN jsonb_build_object(\'unit\', jsonb_build_array(o."unit_id", n."unit_id")) ELSE \'{}\'::jsonb END || CASE WHEN o."name" IS DISTINCT FROM n."name" THEN jsonb_build_object(\'name\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."industry_id" IS DISTINCT FROM n."industry_id" THEN jsonb_build_object(\'industry\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."source_id" IS DISTINCT FROM n."source_id" THEN jsonb_build_object(\'source\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."category_id" IS DISTINCT FROM n."category_id" THEN jsonb_build_object(\'category\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."parent_id" IS DISTINCT FROM n."parent_id" THEN jsonb_build_object(\'parent\', NULL) ELSE \'{}\'::jsonb END || CASE WHEN o."custom_values" IS DISTINCT FROM n."custom_values" THEN jsonb_build_object(\'custom_values\', NULL) ELSE \'{}\'::jsonb END AS data FROM old_values o JOIN new_values n ON n.id = o.id WHERE (o."code", o."stage", o."grade_id", o."owner_id", o."unit_id", o."name", o."industry_id", o."source_id", o."category_id", o."parent_id", o."custom_values") IS DISTINCT FROM (n."code", n."stage", n."grade_id", n."owner_id", n."unit_id", n."name", n."industry_id", n."source_id", n."category_id", n."parent_id", n."custom_values")) rows, origin; RETURN NULL;',
                    hash="a202b2f9877f2b5d38a65b76a1fe1c3233515c67",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_write_changed_event_684d2",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="crm_customer",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="customer",
            trigger=pgtrigger.compiler.Trigger(
                name="write_deleted_event",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH origin AS MATERIALIZED ( SELECT _pgh_attach_context() AS context_id, pg_current_xact_id()::text::bigint AS transaction_id ) INSERT INTO core_event (type, object_id, data, context_id, transaction_id, occurred_at) SELECT \'customer.deleted\', rows.id, rows.data, origin.context_id, origin.transaction_id, now() FROM (SELECT id, jsonb_strip_nulls(jsonb_build_object(\'code\', CASE WHEN "code" IS NOT NULL THEN jsonb_build_array("code", NULL) END, \'stage\', CASE WHEN "stage" IS NOT NULL THEN jsonb_build_array("stage", NULL) END, \'grade\', CASE WHEN "grade_id" IS NOT NULL THEN jsonb_build_array("grade_id", NULL) END, \'owner\', CASE WHEN "owner_id" IS NOT NULL THEN jsonb_build_array("owner_id", NULL) END, \'unit\', CASE WHEN "unit_id" IS NOT NULL THEN jsonb_build_array("unit_id", NULL) END)) AS data FROM old_values) rows, origin; RETURN NULL;',
                    hash="962a8d0eb61afc75a0869eb919c8665d09d83848",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_write_deleted_event_f82c5",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="crm_customer",
                    when="AFTER",
                ),
            ),
        ),
    ]
