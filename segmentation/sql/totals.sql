-- Adds up the scores of a run by unit (ScoreTotal), once its table of scores is complete.
-- Parameters: run_id; score_table.
INSERT INTO segmentation_scoretotal (
    run_id, unit_id, r, f, m, churn_level, segment_cn, segment_intl, customer_count, revenue
)
SELECT {run_id}, customer.unit_id, score.r, score.f, score.m, score.churn_level,
    score.segment_cn, score.segment_intl, count(*), sum(score.monetary)
FROM {score_table} AS score
JOIN crm_customer AS customer ON customer.id = score.customer_id
GROUP BY 2, 3, 4, 5, 6, 7, 8
