"""The names of Databricks' functions.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-functions-builtin-alpha
"""

from __future__ import annotations

from sqlglot import exp

_AGGREGATES = """
any any_value approx_count_distinct approx_percentile approx_top_k array_agg avg bit_and bit_or
bit_xor bitmap_construct_agg bitmap_or_agg bool_and bool_or collect_list collect_set corr count
count_if count_min_sketch covar_pop covar_samp every first first_value grouping grouping_id
histogram_numeric hll_sketch_agg hll_union_agg kurtosis last last_value listagg max max_by mean
median min min_by mode percentile percentile_approx percentile_cont percentile_disc regr_avgx
regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
schema_of_json_agg schema_of_variant_agg skewness some std stddev stddev_pop stddev_samp
string_agg sum try_avg try_sum var_pop var_samp variance
"""
AGGREGATES = frozenset(_AGGREGATES.split())
_OTHERS = """
abs acos acosh add_months aes_decrypt aes_encrypt aggregate ai_analyze_sentiment ai_classify
ai_extract ai_fix_grammar ai_forecast ai_gen ai_generate_text ai_mask ai_parse_document ai_query
ai_similarity ai_summarize ai_translate array array_append array_compact array_contains
array_distinct array_except array_insert array_intersect array_join array_max array_min
array_position array_prepend array_remove array_repeat array_size array_sort array_union
arrays_overlap arrays_zip ascii asin asinh assert_true atan atan2 atanh base64 bigint bin binary
bit_count bit_get bit_length bit_reverse bitmap_bit_position bitmap_bucket_number bitmap_count
boolean bround btrim cardinality cast cbrt ceil ceiling char char_length character_length charindex
chr cloud_files_state coalesce collate collation collations concat concat_ws contains conv
convert_timezone cos cosh cot crc32 csc cube cume_dist curdate current_catalog current_database
current_date current_metastore current_oauth_custom_identity_claim current_recipient current_schema
current_timestamp current_timezone current_user current_version date date_add date_diff date_format
date_from_unix_date date_part date_sub date_trunc dateadd datediff day dayname dayofmonth dayofweek
dayofyear decimal decode degrees dense_rank divide double e element_at elt encode endswith
equal_null event_log exists exp explode explode_outer expm1 extract factorial filter find_in_set
flatten float floor forall format_number format_string from_avro from_csv from_json from_protobuf
from_unixtime from_utc_timestamp from_xml get get_json_object getbit getdate greatest hash hex
hll_sketch_estimate hll_union hour http_request hypot if iff ifnull ilike in initcap inline
inline_outer input_file_block_length input_file_block_start input_file_name instr int
is_account_group_member is_member is_valid_utf8 is_variant_null isdate isnan isnotnull isnull
java_method json_array_length json_object_keys json_tuple lag last_day lcase lead least left len
length levenshtein like list_secrets ln locate log log10 log1p log2 lower lpad ltrim luhn_check
make_date make_dt_interval make_interval make_timestamp make_timestamp_ltz make_timestamp_ntz
make_valid_utf8 make_ym_interval map map_concat map_contains_key map_entries map_filter
map_from_arrays map_from_entries map_keys map_values map_zip_with mask md5 minute mod
monotonically_increasing_id month monthname months_between named_struct nanvl negative next_day now
nth_value ntile nullif nullifzero nvl nvl2 octet_length overlay parse_json parse_url percent_rank pi
pmod posexplode posexplode_outer position positive pow power printf quarter quote radians
raise_error rand randn random randstr range rank read_files read_kafka read_kinesis read_pubsub
read_pulsar read_state_metadata read_statestore reduce reflect regexp regexp_count regexp_extract
regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse
right rint rlike round row_number rpad rtrim schema_of_csv schema_of_json schema_of_variant
schema_of_xml sec second secret sentences sequence session_user session_window sha sha1 sha2
shiftleft shiftright shiftrightunsigned shuffle sign signum sin sinh size slice smallint sort_array
soundex space spark_partition_id split split_part sql_keywords sqrt stack startswith str_to_map
string struct substr substring substring_index table_changes tan tanh theta_difference
theta_intersection theta_sketch_agg theta_sketch_estimate theta_union timediff timestamp
timestamp_diff timestamp_micros timestamp_millis timestamp_seconds timestampadd timestampdiff
tinyint to_avro to_binary to_char to_csv to_date to_geography to_geometry to_json to_number
to_protobuf to_timestamp to_timestamp_ltz to_timestamp_ntz to_unix_timestamp to_utc_timestamp
to_varchar to_variant_object to_xml transform transform_keys transform_values translate trim trunc
try_add try_aes_decrypt try_avg try_cast try_divide try_element_at try_mod try_multiply
try_parse_json try_parse_url try_reflect try_secret try_subtract try_sum try_to_binary try_to_date
try_to_geography try_to_geometry try_to_number try_to_time try_to_timestamp try_url_decode
try_validate_utf8 try_variant_get try_zstd_decompress typeof ucase unbase64 unhex uniform unix_date
unix_micros unix_millis unix_seconds unix_timestamp upper url_decode url_encode user uuid
validate_utf8 var_pop variant_explode variant_explode_outer variant_get vector_search version
weekday weekofyear width_bucket window window_time xpath xpath_boolean xpath_double xpath_float
xpath_int xpath_long xpath_number xpath_short xpath_string xxhash64 year zeroifnull zip_with
approx_top_k_accumulate approx_top_k_combine approx_top_k_estimate kll_sketch_agg_bigint
kll_sketch_agg_double kll_sketch_agg_float ip_host ip_network ip_as_binary ip_as_string ip_version
listagg from_base64 current_time make_time time to_time hour_of_day dayofweek_iso bitmap_and_agg
"""
BUILTIN = AGGREGATES | frozenset(_OTHERS.split())
_FAMILIES = ("h3_", "st_", "ai_", "vector_", "cloud_files_", "read_", "ip_", "kll_", "theta_")


def is_builtin(name: str) -> bool:
    """Whether Databricks has a function of this name."""
    return name.lower() in BUILTIN or name.lower().startswith(_FAMILIES)


def aggregates(node: exp.Expr) -> bool:
    """Whether an expression holds an aggregate of its own query that is no window function."""
    return any(
        _is_aggregate(found) and not _in_window(found)
        for found in node.walk(prune=lambda item: isinstance(item, exp.Query))
    )


def _is_aggregate(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return str(node.name).lower() in AGGREGATES
    return isinstance(node, exp.AggFunc)


def _in_window(node: exp.Expr) -> bool:
    above = node
    while isinstance(
        above.parent, exp.Filter | exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup
    ):
        above = above.parent
    return isinstance(above.parent, exp.Window) and above.arg_key == "this"
