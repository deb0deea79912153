"""What the apps contribute to the product: each is a list of dotted paths of declarations."""

# --- events, and the notices made from them (docs/adr/0020) ---------------------------------------
EVENT_TYPES: list[str] = [
    "core.events.jobs.JOB_ENDED",
    "crm.events.CUSTOMER_EVENTS",
    "crm.events.INTERACTION_EVENTS",
    "crm.events.IMPORT_FINISHED",
    "satisfaction.events.COMPLAINT_EVENTS",
    "segmentation.events.RUN_PUBLISHED",
    "segmentation.events.RUN_FAILED",
]
EVENT_CONSUMERS: list[str] = [
    "core.job_notices.JOB_CONSUMER",
    "crm.notices.ASSIGNMENT_CONSUMER",
    "crm.notices.IMPORT_CONSUMER",
    "satisfaction.notices.ASSIGNMENT_CONSUMER",
    "segmentation.notices.RUN_CONSUMER",
]
NOTICE_KINDS: list[str] = [
    "core.job_notices.JOB_DONE",
    "core.job_notices.JOB_STOPPED",
    "crm.notices.CUSTOMERS_ASSIGNED",
    "crm.notices.IMPORT_DONE",
    "satisfaction.notices.COMPLAINTS_ASSIGNED",
    "segmentation.notices.RUN_DONE",
    "segmentation.notices.RUN_BROKEN",
]

# --- records with declared fields (docs/adr/0013) -----------------------------------------------
RECORD_TYPES: list[str] = ["crm.fields.CUSTOMER", "crm.fields.INTERACTION"]
ATTACHMENT_RECORDS: list[str] = [
    "crm.files.CUSTOMER_FILES",
    "crm.files.INTERACTION_FILES",
    "satisfaction.files.COMPLAINT_FILES",
]
LISTS: list[str] = [
    "crm.listing.CUSTOMER_LIST",
    "crm.listing.INTERACTION_LIST",
    "satisfaction.listing.COMPLAINT_LIST",
    "segmentation.listing.RUN_LIST",
    "core.job_list.JOB_LIST",
]

# --- jobs (docs/adr/0017) -----------------------------------------------------------------------
JOB_KINDS: list[str] = [
    "core.listing.bulk_edit.LIST_EDIT",
    "core.listing.bulk_edit.LIST_EDIT_UNDO",
    "core.listing.export.LIST_EXPORT",
    "crm.jobs.CUSTOMER_IMPORT",
    "crm.jobs.INTERACTION_IMPORT",
    "crm.jobs.TRANSACTION_IMPORT",
    "segmentation.jobs.SCORING_RUN",
]
JOB_SENDER = "core.tasks.send_job"

# --- parts that apps add to pages, in the order of the page (docs/adr/0003) -----------------------
CUSTOMER_PANELS: list[str] = [
    "crm.panels.Interactions",
    "crm.panels.Transactions",
    "segmentation.panels.Worth",
    "satisfaction.panels.Complaints",
    "crm.panels.Files",
    "crm.panels.Basics",
]
HOME_WIDGETS: list[str] = [
    "satisfaction.panels.OpenComplaints",
    "segmentation.panels.NewFlags",
    "crm.panels.Portfolio",
]
CUSTOMER_LIST_PARTS: list[str] = [
    "segmentation.columns.WorthColumns",
    "crm.listing.InteractionsOfCustomers",
    "satisfaction.listing.ComplaintsOfCustomers",
]
