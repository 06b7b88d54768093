# What differs between the two dialects: schema.sql and questions/*.sql are DuckDB's, and `sed -f` this makes them ClickHouse's.
s/^CREATE OR REPLACE TABLE \([a-z]*\) AS$/CREATE MATERIALIZED VIEW IF NOT EXISTS \1_loading TO \1_loaded AS/
s/parameter('\([a-z]*\)')/{\1:String}/g
