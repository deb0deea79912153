"""Worth and risk: every customer is scored each night (RFM, segments, churn flag)."""
