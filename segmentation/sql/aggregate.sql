-- Adds up the transactions of every customer with a purchase before the as-of date, one row each.
-- Purchases are amounts of 0 and more, refunds are negative; sums of amounts count both. Amounts are in
-- hundredths of the currency. A "quarter" is a period of compare_days.
-- The covering index crm_transaction_customer_date has all columns, so the table itself is not read.
-- Parameters: as_of, window_days, compare_days, and a slice of customer ids: from_id and below_id (which
-- is not part of it). Python joins the slices by UNION ALL, one per parallel process.
SELECT customer_id,
    min(occurred_on) FILTER (WHERE amount >= 0) AS first_on,
    max(occurred_on) FILTER (WHERE amount >= 0) AS last_on,
    count(DISTINCT occurred_on) FILTER (WHERE amount >= 0)::integer AS purchase_days,
    count(*) FILTER (WHERE amount >= 0 AND occurred_on >= {as_of} - {window_days})::integer
        AS frequency,
    coalesce(sum(amount) FILTER (WHERE occurred_on >= {as_of} - {window_days}), 0)::bigint
        AS monetary,
    coalesce(sum(amount) FILTER (WHERE occurred_on >= {as_of} - {compare_days}), 0)::bigint
        AS spend_last_quarter,
    coalesce(sum(amount) FILTER (
        WHERE occurred_on >= {as_of} - 2 * {compare_days} AND occurred_on < {as_of} - {compare_days}
    ), 0)::bigint AS spend_previous_quarter
FROM crm_transaction
WHERE occurred_on < {as_of} AND customer_id >= {from_id} AND customer_id < {below_id}
GROUP BY customer_id
HAVING max(occurred_on) FILTER (WHERE amount >= 0) IS NOT NULL
