-- What the rules read, where it is missing: `alerts init` makes it and touches no table that is there.
CREATE VIEW IF NOT EXISTS $${catalog}.$${gold_schema}.${name}_daily_usage AS
SELECT usage_date AS day, CAST(sum(usage_quantity) AS DOUBLE) AS dbus
FROM system.billing.usage
GROUP BY usage_date;
