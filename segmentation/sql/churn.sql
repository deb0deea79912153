-- Decides the churn flag, by comparing each customer with their own earlier purchases. No other place
-- decides it. score.sql includes this statement. It reads "scored" (the columns of aggregate.sql with
-- recency_days, r, f, m) and returns all its rows with usual_gap_days, silence_ratio, churn_level (0, 1,
-- 2: see ChurnLevel) and churn_reasons (codes of ChurnReason). usual_gap_days and silence_ratio are null
-- if there were purchases on fewer than min_purchase_days days; such a customer is never silent. A statistical model can replace this statement, if it returns the same columns.
-- Parameters: those fields of ScoringSettings that concern silence and drop.
SELECT *,
    CASE
        WHEN is_silent AND (has_dropped OR recency_days >= {silence_high_factor} * usual_gap_days) THEN 2
        WHEN is_silent OR has_dropped THEN 1
        ELSE 0
    END::smallint AS churn_level,
    array_remove(
        ARRAY[
            CASE WHEN is_silent THEN 'silence' END, CASE WHEN has_dropped THEN 'drop' END
        ], NULL
    )::text[] AS churn_reasons
FROM (
    SELECT *,
        recency_days / usual_gap_days AS silence_ratio,
        coalesce(
            recency_days >= {silence_factor} * usual_gap_days
            AND recency_days >= {silence_min_days}, FALSE
        ) AS is_silent,
        spend_previous_quarter >= {drop_min_previous}
            AND spend_last_quarter < {drop_below} * spend_previous_quarter AS has_dropped
    FROM (
        SELECT *,
            CASE WHEN purchase_days >= {min_purchase_days}
                THEN (last_on - first_on)::double precision / (purchase_days - 1)
            END AS usual_gap_days
        FROM scored
    ) AS with_usual_gap
) AS with_signals
