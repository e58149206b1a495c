-- The gold tables of this pack as views over Databricks' system tables. `alerts init` makes those
-- that are missing; a table or view of that name that is there already is never touched.
-- Source of the columns: docs.databricks.com/admin/system-tables/.

-- Usage at list price: a record's price is the one that held when its usage ended.
CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_usage AS
SELECT used.usage_date,
       used.sku_name,
       CAST(used.usage_quantity * coalesce(price.pricing.effective_list.default, 0)
            AS DECIMAL(18,6)) AS list_cost,
       used.custom_tags,
       used.usage_metadata.job_id AS usage_metadata_job_id,
       used.usage_metadata.job_run_id AS usage_metadata_job_run_id
FROM system.billing.usage AS used
LEFT JOIN system.billing.list_prices AS price
  ON used.sku_name = price.sku_name
 AND used.cloud = price.cloud
 AND used.usage_unit = price.usage_unit
 AND used.usage_end_time >= price.price_start_time
 AND (price.price_end_time IS NULL OR used.usage_end_time < price.price_end_time);

CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_table_lineage AS
SELECT source_table_full_name,
       target_table_full_name,
       created_by,
       event_time,
       event_date
FROM system.access.table_lineage;

CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_audit_logs AS
SELECT event_time,
       event_date,
       action_name,
       response.status_code AS response_status_code
FROM system.access.audit;

CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_query_history AS
SELECT start_time,
       total_duration_ms,
       waiting_at_capacity_duration_ms,
       spilled_local_bytes
FROM system.query.history;

-- A run of more than an hour has a row an hour; only the last one tells how it ended.
CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_job_run_timeline AS
SELECT job_id,
       run_id,
       max(result_state) AS result_state,
       min(period_start_time) AS period_start_time,
       sum(unix_timestamp(period_end_time) - unix_timestamp(period_start_time))
         AS run_duration_seconds
FROM system.lakeflow.job_run_timeline
GROUP BY workspace_id, job_id, run_id;

CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_node_timeline AS
SELECT cluster_id,
       start_time,
       cpu_user_percent,
       cpu_system_percent,
       mem_used_percent
FROM system.compute.node_timeline;

CREATE VIEW IF NOT EXISTS ${catalog}.${gold_schema}.fact_data_quality_monitoring_table_results AS
SELECT event_time,
       catalog_name,
       schema_name,
       table_name,
       status,
       freshness.status AS freshness_status,
       completeness.status AS completeness_status
FROM system.data_quality_monitoring.table_results;
