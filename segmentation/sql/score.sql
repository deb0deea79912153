-- Fills the run's table of scores, which readers do not see yet: quintiles, both segments, the flag.
-- Quintiles are computed by percent_rank, so that equal values share a score; NTILE would give equal
-- values different ones. Recency is ranked by the last purchase: the latest scores 5.
-- previous_churn_level is the level in the run before (previous_levels); 0 for a customer not in it.
-- Parameters: as_of, run_id; previous_levels (a query for customer_id and churn_level); base_table (filled by aggregate.sql) and score_table; churn (the statement
-- churn.sql); chinese_segments and international_segments: arrays of codes, whose indexes, from 1, are
-- computed below. A score is high if it is at or above the mean; (f + m + 1) / 2 is the mean of f and m,
-- rounded half up, because the division of integers drops the half.
INSERT INTO {score_table} (
    customer_id, monetary, spend_last_quarter, spend_previous_quarter, usual_gap_days, silence_ratio,
    run_id, first_on, last_on, recency_days, frequency, purchase_days, r, f, m, churn_level,
    previous_churn_level, segment_cn, segment_intl, churn_reasons
)
WITH scored AS (
    SELECT *,
        {as_of} - last_on AS recency_days,
        least(5, floor(5 * percent_rank() OVER (ORDER BY last_on)) + 1)::smallint AS r,
        least(5, floor(5 * percent_rank() OVER (ORDER BY frequency)) + 1)::smallint AS f,
        least(5, floor(5 * percent_rank() OVER (ORDER BY monetary)) + 1)::smallint AS m
    FROM {base_table}
), mean AS (
    SELECT avg(r) AS r, avg(f) AS f, avg(m) AS m FROM scored
), flagged AS (
    {churn}
)
SELECT flagged.customer_id,
    flagged.monetary,
    flagged.spend_last_quarter,
    flagged.spend_previous_quarter,
    flagged.usual_gap_days,
    flagged.silence_ratio,
    {run_id} AS run_id,
    flagged.first_on,
    flagged.last_on,
    flagged.recency_days,
    flagged.frequency,
    flagged.purchase_days,
    flagged.r,
    flagged.f,
    flagged.m,
    flagged.churn_level,
    coalesce(previous.churn_level, 0)::smallint AS previous_churn_level,
    ({chinese_segments})[
        1 + 4 * (flagged.r >= mean.r)::integer
        + 2 * (flagged.f >= mean.f)::integer
        + (flagged.m >= mean.m)::integer
    ] AS segment_cn,
    ({international_segments})[5 * (flagged.r - 1) + (flagged.f + flagged.m + 1) / 2] AS segment_intl,
    flagged.churn_reasons
FROM flagged CROSS JOIN mean
LEFT JOIN ({previous_levels}) AS previous ON previous.customer_id = flagged.customer_id
