"""Every exception to the rules for source code, with its reason.

The tests fail for an exception that covers no violation, so this list has only what is needed.
"""

from tests.architecture.checks.reads import READ, SQL
from tests.architecture.checks.services import SERVICE
from tests.architecture.checks.source import Allowed
from tests.architecture.checks.writes import WRITE

_DEMO = "Fills an empty database with the demonstration company, before anybody can sign in."
_IN_RUN = (
    "A step of a scoring run, called only by execute_run; request_run has authorised the actor."
)
_BY_TASK = "Called only by tasks that beat sends, and by consumers of events: there is no actor."
_STAGING = "Works on the temporary tables of one import; Importer.run has authorised the actor."

ALLOWED = (
    # Reads that do not start from visible_to.
    Allowed(
        "accounts/acting.py", READ,
        "A user who may see a record may see the names of those who changed it.",
        "user_names",
    ),
    Allowed(
        "accounts/acting.py", READ,
        "Consumers of events send notices to them; nobody is shown the ids.",
        "user_ids_with",
    ),
    Allowed(
        "staff/sign_in.py", READ,
        "Reads the user of a session; there is no user yet whose visibility could apply.",
        "AuthenticationBackend.get_user",
    ),
    Allowed(
        "core/history.py", READ,
        "The history of a record that the calling code has read through visible_to.",
        "_states",
    ),
    Allowed("core/history.py", READ, "The same, for the files of the record.", "file_changes"),
    Allowed(
        "core/history.py", READ,
        "The undo of a job reads each record through visible_to before it uses its states.",
        "states_written_by_job",
    ),
    Allowed("core/history.py", READ, "The same.", "state_before"),
    Allowed(
        "crm/selectors/revenue.py", READ,
        "The panel has read the customer through visible_to, and a transaction is seen with its"
        " customer: asking again would cost a subquery in three statements.",
        "revenue_of",
    ),
    Allowed(
        "crm/selectors/revenue.py", READ, "The same.", "latest_transactions",
    ),
    Allowed(
        "crm/selectors/interactions.py", READ,
        "The panel has read the customer through visible_to, and an interaction is seen with its"
        " customer.",
        "latest_interactions",
    ),
    Allowed(
        "crm/selectors/interactions.py", READ,
        "The outer query is of customers that the list has read through visible_to.",
        "interactions_of_outer_customer",
    ),
    Allowed(
        "crm/selectors/interactions.py", READ,
        "The same: the list asks it for interactions of its customers.",
        "interactions_of_seen_customers",
    ),
    Allowed(
        "crm/selectors/interactions.py", READ,
        "The outer query is of interactions that the list has read through visible_to.",
        "later_interactions",
    ),
    Allowed(
        "segmentation/columns.py", READ,
        "Joins the scores of customers that the list has read through visible_to.",
        "WorthColumns.annotate",
    ),
    Allowed(
        "core/api/record_fields.py", READ,
        "Subqueries of keys: a user who may see a record may see the keys of those it refers to."
        " The resource replaces that of a customer's parent.",
        "related_keys",
    ),
    Allowed(
        "crm/api/customers.py", READ,
        "Reads nothing: the resource restricts it by visible_to before it is read.",
        "_customers_with_keys",
    ),
    # SQL outside of models and services.
    Allowed(
        "common/history.py", SQL, "Hands the context of a change to the triggers.", "_set_context"
    ),
    Allowed("common/copying.py", SQL, "Writes rows by COPY, for services."),
    Allowed("common/statement_timeout.py", SQL, "Limits how long statements may take."),
    Allowed("common/interrupts.py", SQL, "Cancels the statement that runs; sends none."),
    Allowed("core/views/health.py", SQL, "Asks whether the database answers.", "healthz"),
    Allowed("core/writing.py", SQL, "An advisory lock, for services.", "lock_tree"),
    Allowed(
        "core/text_search.py", SQL,
        "Asks the statistics how frequent pairs of characters are; nobody is shown them.",
        "_frequent_bigrams",
    ),
    # A write of a file.
    Allowed(
        "core/files/storage.py", WRITE,
        "Writes a file for add_attachment, and no row.",
        "store_file",
    ),
    # The demonstration company.
    Allowed("demo/table_rebuild.py", SQL, _DEMO),
    Allowed("demo/company.py", READ, _DEMO),
    Allowed("demo/company.py", SQL, _DEMO),
    Allowed("demo/company.py", WRITE, _DEMO),
    Allowed("demo/complaints.py", READ, _DEMO),
    Allowed("demo/complaints.py", WRITE, _DEMO),
    Allowed("demo/customers.py", READ, _DEMO),
    Allowed("demo/customers.py", SQL, _DEMO),
    Allowed("demo/files.py", READ, _DEMO),
    Allowed("demo/files.py", WRITE, _DEMO),
    Allowed("demo/notices.py", READ, _DEMO),
    Allowed("demo/notices.py", WRITE, _DEMO),
    Allowed("demo/interactions.py", SQL, _DEMO),
    Allowed("demo/people.py", READ, _DEMO),
    Allowed("demo/people.py", WRITE, _DEMO),
    Allowed("demo/saved_views.py", READ, _DEMO),
    Allowed("demo/transactions.py", READ, _DEMO),
    Allowed("demo/transactions.py", SQL, _DEMO),
    Allowed("demo/transactions.py", WRITE, _DEMO),
    Allowed("demo/units.py", READ, _DEMO),
    Allowed("demo/units.py", WRITE, _DEMO),
    # Services without an actor, or without a permission.
    Allowed(
        "core/services/saved_view.py", SERVICE,
        "Everybody may save views of the lists they see, and change their own.",
    ),
    Allowed(
        "staff/services/profile.py", SERVICE,
        "Everybody may change their own language and phone.",
        "update_profile",
    ),
    Allowed(
        "staff/services/role.py", SERVICE,
        "Runs after migrate, and gives the roles the permissions the product brings.",
        "grant_new_permissions",
    ),
    Allowed(
        "satisfaction/services/numbering.py", SERVICE,
        "Takes numbers inside the transaction of open_complaint, which asks for permission.",
        "take_numbers",
    ),
    Allowed(
        "segmentation/services/run.py", SERVICE,
        "For the worker: the job has asked for permission.",
        "execute_run",
    ),
    Allowed("segmentation/services/run.py", SERVICE, "The same.", "stop_run"),
    Allowed("segmentation/services/steps.py", SERVICE, _IN_RUN),
    Allowed("segmentation/services/tables.py", SERVICE, _IN_RUN, "drop_abandoned_tables"),
    Allowed(
        "segmentation/services/lock.py", SERVICE, "Takes and checks a lock; writes no record."
    ),
    Allowed("crm/services/importing/staging.py", SERVICE, _STAGING),
    Allowed(
        "core/services/event.py", SERVICE,
        "A service calls it in its audited transaction, after it has authorised its actor.",
    ),
    Allowed("core/services/event_consuming.py", SERVICE, _BY_TASK, "consume_events"),
    Allowed("core/services/event_consuming.py", SERVICE, _BY_TASK, "delete_old_events"),
    Allowed(
        "core/services/event_consuming.py", SERVICE,
        "Runs after migrate, and stores where new consumers begin.",
        "add_new_consumers",
    ),
    Allowed("core/services/notice.py", SERVICE, _BY_TASK, "send_notices"),
    Allowed("core/services/notice.py", SERVICE, _BY_TASK, "delete_old_notices"),
    Allowed(
        "core/services/notice.py", SERVICE,
        "Everybody may mark their own notices.",
        "mark_notice_read",
    ),
    Allowed("core/services/notice.py", SERVICE, "The same.", "mark_all_notices_read"),
    Allowed(
        "core/services/job.py", SERVICE,
        "Asks for the permission of the job's kind, if it has one.",
        "request_job",
    ),
    Allowed("core/services/job.py", SERVICE, "The same.", "run_job_now"),
    Allowed(
        "core/services/job.py", SERVICE,
        "Takes back a job of the actor: request_job asks for the permission of the kind.",
        "request_undo",
    ),
    Allowed(
        "core/services/job.py", SERVICE,
        "Everybody may cancel their own jobs; for those of others it asks for a permission.",
        "request_cancel",
    ),
    Allowed(
        "core/services/job_execution.py", SERVICE,
        "For the worker: request_job has authorised the actor, and the job's kind does it again.",
    ),
    Allowed("core/services/job_lock.py", SERVICE, "Locks, and writes the progress of a job."),
    Allowed("core/services/job_recovery.py", SERVICE, _BY_TASK),
)  # fmt: skip

# Reasons for the foreign keys below.
_ACTED = "A user who may see a record may see who did something with it."
_IN_CHARGE = "A user who may see a record may see who is in charge of it."
_WITH_CUSTOMER = "A record of a customer is visible to the users who see the customer."

# Foreign keys that templates may follow, written as in the templates.
FOREIGN_KEYS_IN_TEMPLATES = {
    "row.owner": _IN_CHARGE,  # in cells of lists
    "row.unit": _IN_CHARGE,
    "customer.owner": _IN_CHARGE,
    "customer.unit": _IN_CHARGE,
    "interaction.user": _ACTED,
    "complaint.customer": _WITH_CUSTOMER,
    "complaint.owner": _IN_CHARGE,
    "complaint.opened_by": _ACTED,
    "complaint.closed_by": _ACTED,
    "attachment.added_by": _ACTED,
    "run.requested_by": _ACTED,
    "job.actor": _ACTED,
    "score.customer": _WITH_CUSTOMER,
    "user.unit": "One's own unit.",
    "user.manager": "One's own manager, on one's own page.",
    "form.customer": "A field of a form.",
    "form.owner": "A field of a form.",
}

# Models whose rows every user may read, or that a permission guards as a whole.
UNSCOPED_MODELS = {
    "accounts.Role": "A list everybody sees.",
    "accounts.KnownPermission": "Names of permissions, which are no secret.",
    "accounts.ApiKey": "Only the administrator reaches keys, by a permission of its own.",
    "core.Event": "Only administrators reach events, by a permission of its own.",
    "core.EventConsumer": "How far consumers have come; names no record.",
    "core.DefaultView": "A preference of one user, reached through views that they may see.",
    "core.CustomField": "What fields there are, not what they hold.",
    "crm.BillingSystem": "A list everybody sees.",
    "crm.Category": "A list everybody sees.",
    "crm.Grade": "A list everybody sees.",
    "crm.Industry": "A list everybody sees.",
    "crm.Source": "A list everybody sees.",
    "satisfaction.ComplaintSeries": "Nothing but the last number given out in each month.",
    "segmentation.ScoringRun": "About the whole company, names no customer; RUN_VIEW decides.",
    "segmentation.ScoringStep": "A part of a run.",
}
