"""Columns and types of the system tables, as Databricks documents them.

Sources: docs.databricks.com/admin/system-tables/, one page a schema (audit-logs, lineage, billing,
pricing, compute, warehouses, warehouse-events, jobs, query-history, predictive-optimization,
alerts, data-quality-monitoring). One column a line: name and type.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CATALOG = "system"

_TAGS = "MAP<STRING,STRING>"
_COMPUTE = "STRUCT<type: STRING, cluster_id: STRING, warehouse_id: STRING>"
_ENTITY = (
    "STRUCT<job_info: STRUCT<job_id: STRING, job_run_id: STRING>, dashboard_id: STRING, "
    "legacy_dashboard_id: STRING, notebook_id: STRING, sql_query_id: STRING, "
    "dlt_pipeline_info: STRUCT<dlt_pipeline_id: STRING, dlt_update_id: STRING>>"
)
# "decimal" is all that is documented. No wider: Sail multiplies two of 38 digits past what a
# decimal holds, where Databricks gives up digits behind the point.
_PRICE = "DECIMAL(18,8)"
_TRIGGER = (
    "STRUCT<schedule: STRUCT<quartz_cron_expression: STRING, timezone_id: STRING>, "
    "periodic: STRUCT<interval: INT, unit: STRING>, file_arrival: STRUCT<url: STRING>, "
    "continuous: STRUCT<task_retry_mode: STRING>>"
)
_CHECK = (
    "STRUCT<status: STRING, error_code: STRING, last_value: TIMESTAMP, predicted_value: TIMESTAMP>"
)
_COUNT = (
    "STRUCT<status: STRING, error_code: STRING, last_value: BIGINT, "
    "min_predicted_value: BIGINT, max_predicted_value: BIGINT>"
)
_THRESHOLD_VALUE = "STRUCT<bool_value: BOOLEAN, double_value: DOUBLE, string_value: STRING>"
_OPERAND = "STRUCT<aggregation: STRING, display: STRING, name: STRING>"

_LINEAGE = """
    account_id STRING
    metastore_id STRING
    workspace_id STRING
    entity_type STRING
    entity_id STRING
    entity_run_id STRING
    source_table_full_name STRING
    source_table_catalog STRING
    source_table_schema STRING
    source_table_name STRING
    source_path STRING
    source_type STRING
    {source}target_table_full_name STRING
    target_table_catalog STRING
    target_table_schema STRING
    target_table_name STRING
    target_path STRING
    target_type STRING
    {target}created_by STRING
    event_time TIMESTAMP
    event_date DATE
    record_id STRING
    event_id STRING
    statement_id STRING
    entity_metadata {entity}
"""

_TEXTS: Mapping[str, str] = {
    "access.audit": """
        version STRING
        event_time TIMESTAMP
        event_date DATE
        workspace_id STRING
        source_ip_address STRING
        user_agent STRING
        session_id STRING
        user_identity STRUCT<email: STRING, subject_name: STRING>
        service_name STRING
        action_name STRING
        request_id STRING
        request_params MAP<STRING,STRING>
        response STRUCT<status_code: INT, error_message: STRING, result: STRING>
        audit_level STRING
        account_id STRING
        event_id STRING
        identity_metadata STRUCT<run_by: STRING, run_as: STRING, acting_resource: STRING>
    """,
    "access.table_lineage": _LINEAGE.format(source="", target="", entity=_ENTITY),
    "access.column_lineage": _LINEAGE.format(
        source="source_column_name STRING\n    ",
        target="target_column_name STRING\n    ",
        entity=_ENTITY,
    ),
    "billing.usage": f"""
        account_id STRING
        workspace_id STRING
        record_id STRING
        sku_name STRING
        cloud STRING
        usage_start_time TIMESTAMP
        usage_end_time TIMESTAMP
        usage_date DATE
        custom_tags {_TAGS}
        usage_unit STRING
        usage_quantity {_PRICE}
        usage_metadata STRUCT<cluster_id: STRING, job_id: STRING, warehouse_id: STRING, \
instance_pool_id: STRING, node_type: STRING, job_run_id: STRING, notebook_id: STRING, \
dlt_pipeline_id: STRING, endpoint_name: STRING, endpoint_id: STRING, dlt_update_id: STRING, \
dlt_maintenance_id: STRING, metastore_id: STRING, job_name: STRING, notebook_path: STRING, \
central_clean_room_id: STRING, source_region: STRING, destination_region: STRING, \
app_id: STRING, app_name: STRING, database_instance_id: STRING, budget_policy_id: STRING, \
run_name: STRING, schema_id: STRING, ai_runtime_pool_id: STRING>
        identity_metadata STRUCT<run_as: STRING, owned_by: STRING, created_by: STRING>
        record_type STRING
        ingestion_date DATE
        billing_origin_product STRING
        product_features STRUCT<jobs_tier: STRING, sql_tier: STRING, dlt_tier: STRING, \
is_serverless: BOOLEAN, is_photon: BOOLEAN, serving_type: STRING, \
networking: STRUCT<connectivity_type: STRING>, performance_target: STRING>
        usage_type STRING
    """,
    "billing.list_prices": f"""
        price_start_time TIMESTAMP
        price_end_time TIMESTAMP
        account_id STRING
        sku_name STRING
        cloud STRING
        currency_code STRING
        usage_unit STRING
        pricing STRUCT<default: {_PRICE}, promotional: STRUCT<default: {_PRICE}>, \
effective_list: STRUCT<default: {_PRICE}>>
    """,
    "compute.clusters": f"""
        account_id STRING
        workspace_id STRING
        cluster_id STRING
        cluster_name STRING
        owned_by STRING
        create_time TIMESTAMP
        delete_time TIMESTAMP
        driver_node_type STRING
        worker_node_type STRING
        worker_count BIGINT
        min_autoscale_workers BIGINT
        max_autoscale_workers BIGINT
        auto_termination_minutes BIGINT
        enable_elastic_disk BOOLEAN
        tags {_TAGS}
        cluster_source STRING
        init_scripts ARRAY<STRING>
        aws_attributes STRUCT<instance_profile_arn: STRING, zone_id: STRING, \
first_on_demand: INT, availability: STRING, spot_bid_price_percent: INT, \
ebs_volume_type: STRING, ebs_volume_count: INT, ebs_volume_size: INT, ebs_volume_iops: INT, \
ebs_volume_throughput: INT>
        azure_attributes STRUCT<first_on_demand: INT, availability: STRING, \
spot_bid_max_price: DOUBLE>
        gcp_attributes STRUCT<use_preemptible_executors: BOOLEAN, zone_id: STRING, \
first_on_demand: INT, availability: STRING>
        driver_instance_pool_id STRING
        worker_instance_pool_id STRING
        dbr_version STRING
        change_time TIMESTAMP
        change_date DATE
        data_security_mode STRING
        policy_id STRING
    """,
    "compute.node_timeline": """
        account_id STRING
        workspace_id STRING
        cluster_id STRING
        instance_id STRING
        start_time TIMESTAMP
        end_time TIMESTAMP
        driver BOOLEAN
        cpu_user_percent DOUBLE
        cpu_system_percent DOUBLE
        cpu_wait_percent DOUBLE
        mem_used_percent DOUBLE
        mem_swap_percent DOUBLE
        network_sent_bytes BIGINT
        network_received_bytes BIGINT
        disk_free_bytes_per_mount_point MAP<STRING,BIGINT>
        node_type STRING
        private_ip STRING
    """,
    "compute.warehouses": f"""
        warehouse_id STRING
        workspace_id STRING
        account_id STRING
        warehouse_name STRING
        warehouse_type STRING
        warehouse_channel STRING
        warehouse_size STRING
        min_clusters INT
        max_clusters INT
        auto_stop_minutes INT
        tags {_TAGS}
        change_time TIMESTAMP
        delete_time TIMESTAMP
    """,
    "compute.warehouse_events": """
        account_id STRING
        workspace_id STRING
        warehouse_id STRING
        event_type STRING
        cluster_count INT
        event_time TIMESTAMP
    """,
    "lakeflow.jobs": f"""
        account_id STRING
        workspace_id STRING
        job_id STRING
        name STRING
        description STRING
        creator_id STRING
        tags {_TAGS}
        change_time TIMESTAMP
        delete_time TIMESTAMP
        run_as STRING
        trigger {_TRIGGER}
        trigger_type STRING
        run_as_user_name STRING
        creator_user_name STRING
        paused BOOLEAN
        timeout_seconds BIGINT
        health_rules ARRAY<STRUCT<metric: STRING, operator: STRING, value: BIGINT>>
        deployment STRUCT<kind: STRING, metadata_file_path: STRING>
        create_time TIMESTAMP
    """,
    "lakeflow.job_tasks": """
        account_id STRING
        workspace_id STRING
        job_id STRING
        task_key STRING
        depends_on_keys ARRAY<STRING>
        change_time TIMESTAMP
        delete_time TIMESTAMP
        timeout_seconds BIGINT
        health_rules ARRAY<STRUCT<metric: STRING, operator: STRING, value: BIGINT>>
    """,
    "lakeflow.job_run_timeline": """
        account_id STRING
        workspace_id STRING
        job_id STRING
        run_id STRING
        period_start_time TIMESTAMP
        period_end_time TIMESTAMP
        trigger_type STRING
        run_type STRING
        run_name STRING
        compute_ids ARRAY<STRING>
        result_state STRING
        termination_code STRING
        job_parameters MAP<STRING,STRING>
        source_task_run_id STRING
        root_task_run_id STRING
        compute ARRAY<STRUCT<type: STRING, cluster_id: STRING, warehouse_id: STRING>>
        termination_type STRING
        setup_duration_seconds BIGINT
        queue_duration_seconds BIGINT
        run_duration_seconds BIGINT
        cleanup_duration_seconds BIGINT
        execution_duration_seconds BIGINT
    """,
    "lakeflow.job_task_run_timeline": """
        account_id STRING
        workspace_id STRING
        job_id STRING
        run_id STRING
        job_run_id STRING
        parent_run_id STRING
        period_start_time TIMESTAMP
        period_end_time TIMESTAMP
        task_key STRING
        compute_ids ARRAY<STRING>
        result_state STRING
        termination_code STRING
        compute ARRAY<STRUCT<type: STRING, cluster_id: STRING, warehouse_id: STRING>>
        termination_type STRING
        task_parameters MAP<STRING,STRING>
        setup_duration_seconds BIGINT
        cleanup_duration_seconds BIGINT
        execution_duration_seconds BIGINT
    """,
    "query.history": f"""
        account_id STRING
        workspace_id STRING
        statement_id STRING
        session_id STRING
        execution_status STRING
        compute {_COMPUTE}
        executed_by_user_id STRING
        executed_by STRING
        statement_text STRING
        statement_type STRING
        error_message STRING
        client_application STRING
        client_driver STRING
        cache_origin_statement_id STRING
        total_duration_ms BIGINT
        waiting_for_compute_duration_ms BIGINT
        waiting_at_capacity_duration_ms BIGINT
        execution_duration_ms BIGINT
        compilation_duration_ms BIGINT
        total_task_duration_ms BIGINT
        result_fetch_duration_ms BIGINT
        start_time TIMESTAMP
        end_time TIMESTAMP
        update_time TIMESTAMP
        read_partitions BIGINT
        pruned_files BIGINT
        read_files BIGINT
        read_rows BIGINT
        produced_rows BIGINT
        read_bytes BIGINT
        read_io_cache_percent INT
        from_result_cache BOOLEAN
        spilled_local_bytes BIGINT
        written_bytes BIGINT
        shuffle_read_bytes BIGINT
        query_source STRUCT<job_info: STRUCT<job_id: STRING, job_run_id: STRING, \
job_task_run_id: STRING>, legacy_dashboard_id: STRING, dashboard_id: STRING, alert_id: STRING, \
notebook_id: STRING, sql_query_id: STRING, genie_space_id: STRING, \
pipeline_info: STRUCT<pipeline_id: STRING, update_id: STRING>>
        executed_as_user_id STRING
        executed_as STRING
        written_rows BIGINT
        written_files BIGINT
        query_parameters STRUCT<named_parameters: MAP<STRING,STRING>, \
pos_parameters: ARRAY<STRING>, is_truncated: BOOLEAN>
        query_tags {_TAGS}
    """,
    "storage.predictive_optimization_operations_history": f"""
        account_id STRING
        workspace_id STRING
        start_time TIMESTAMP
        end_time TIMESTAMP
        metastore_name STRING
        metastore_id STRING
        catalog_name STRING
        catalog_id STRING
        schema_name STRING
        schema_id STRING
        table_id STRING
        table_name STRING
        operation_type STRING
        operation_id STRING
        operation_status STRING
        operation_metrics MAP<STRING,STRING>
        usage_unit STRING
        usage_quantity {_PRICE}
    """,
    "data_quality_monitoring.table_results": f"""
        event_time TIMESTAMP
        catalog_name STRING
        schema_name STRING
        table_name STRING
        catalog_id STRING
        schema_id STRING
        table_id STRING
        status STRING
        freshness STRUCT<status: STRING, commit_freshness: {_CHECK}>
        completeness STRUCT<status: STRING, total_row_count: {_COUNT}, daily_row_count: {_COUNT}>
        downstream_impact STRUCT<impact_level: INT, num_downstream_tables: INT, \
num_queries_on_affected_tables: INT>
    """,
    "alert.alerts": f"""
        account_id STRING
        workspace_id STRING
        alert_id STRING
        display_name STRING
        owned_by STRING
        compute {_COMPUTE}
        run_as STRING
        schedule STRUCT<pause_status: STRING, quartz_cron_schedule: STRING, timezone_id: STRING>
        evaluation_source {_OPERAND}
        evaluation_comparison_operator STRING
        evaluation_threshold STRUCT<value: {_THRESHOLD_VALUE}, column: {_OPERAND}>
        evaluation_empty_result_state STRING
        notify_on_ok BOOLEAN
        retrigger_seconds BIGINT
        subscriptions ARRAY<STRUCT<destination_id: STRING, user_email: STRING>>
        query_text STRING
        custom_summary STRING
        custom_description STRING
        parent_path STRING
        create_time TIMESTAMP
        change_time TIMESTAMP
        delete_time TIMESTAMP
    """,
    "alert.alert_evaluation_history": f"""
        account_id STRING
        workspace_id STRING
        alert_id STRING
        evaluation_id STRING
        statement_id STRING
        evaluation_time TIMESTAMP
        evaluation_state STRING
        previous_evaluation_state STRING
        evaluation_value {_THRESHOLD_VALUE}
        threshold_value {_THRESHOLD_VALUE}
        trigger_type STRING
        notification_status STRING
        notified_destinations ARRAY<STRING>
        error_message STRING
        duration_ms BIGINT
    """,
}


def _columns(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (line.strip().partition(" ") for line in text.strip().splitlines())
    return tuple((name, kind.strip()) for name, _, kind in pairs)


# By `schema.table`: names and types of its columns, in order.
SCHEMAS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {name: _columns(text) for name, text in _TEXTS.items()}
)
