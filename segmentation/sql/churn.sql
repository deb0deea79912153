-- The churn flag: a transparent rule on the customer's own rhythm.
-- This is the one place where the flag is decided. It reads "scored" (the aggregate with r, f, m)
-- and returns its rows, all of them, with usual_gap_days, silence_ratio, churn_level (0, 1, 2) and
-- churn_reasons (codes of ChurnReason). A statistical model takes this statement's place by joining
-- its own table of probabilities and returning the same columns.
SELECT *,
    CASE
        WHEN silent AND (dropped OR recency_days >= {silence_high_factor} * usual_gap_days) THEN 2
        WHEN silent OR dropped THEN 1
        ELSE 0
    END::smallint AS churn_level,
    array_remove(
        ARRAY[CASE WHEN silent THEN 'silence' END, CASE WHEN dropped THEN 'drop' END], NULL
    )::text[] AS churn_reasons
FROM (
    SELECT *,
        recency_days / usual_gap_days AS silence_ratio,
        coalesce(
            recency_days >= {silence_factor} * usual_gap_days
            AND recency_days >= {silence_min_days}, FALSE
        ) AS silent,
        spend_previous_quarter >= {drop_min_previous}
            AND spend_last_quarter < {drop_below} * spend_previous_quarter AS dropped
    FROM (
        SELECT *,
            CASE WHEN purchase_days >= {min_purchase_days}
                THEN (last_on - first_on)::double precision / (purchase_days - 1)
            END AS usual_gap_days
        FROM scored
    ) AS with_rhythm
) AS with_signals
