-- ClickHouse's part of the schema: functions by the names that schema.sql uses, and the tables that keep the records.
--
--     clickhouse-client --queries-file etc/sql/clickhouse.sql
--     sed -f etc/sql/clickhouse.sed etc/sql/schema.sql | clickhouse-client
--
-- Then insert lines, from audit logs or from `journalctl -o json --all`, as often as you like and in any order: a record
-- that is there already is kept once.
--
--     clickhouse-client -q "INSERT INTO lines (line) FORMAT LineAsString" <audit.jsonl

CREATE OR REPLACE FUNCTION jitgate_bytes AS (list) -> arrayStringConcat(arrayMap(byte -> char(byte), list));
-- The fields of a line; none if it is no JSON object, or names a field twice.
CREATE OR REPLACE FUNCTION jitgate_fields AS (line) -> CAST(
    if(length(JSONExtractKeys(line)) = length(arrayDistinct(JSONExtractKeys(line))), JSONExtractKeysAndValuesRaw(line), []),
    'Map(String, String)');
CREATE OR REPLACE FUNCTION jitgate_none AS (fields) -> length(fields) = 0;
-- All values of a field. journalctl prints a text with control characters as an array of its bytes.
CREATE OR REPLACE FUNCTION jitgate_values AS (fields, name) -> multiIf(
    startsWith(fields[name], '"'), [JSONExtractString(fields[name])],
    NOT startsWith(fields[name], '['), CAST([] AS Array(String)),
    JSONType(fields[name], 1) IN ('Int64', 'UInt64'), [jitgate_bytes(JSONExtract(fields[name], 'Array(UInt8)'))],
    arrayMap(value -> if(startsWith(value, '['), jitgate_bytes(JSONExtract(value, 'Array(UInt8)')), JSONExtractString(value)),
        JSONExtractArrayRaw(fields[name])));
CREATE OR REPLACE FUNCTION jitgate_text AS (fields, name) -> jitgate_values(fields, name)[1];
CREATE OR REPLACE FUNCTION jitgate_number AS (text) -> toInt64OrNull(text);
CREATE OR REPLACE FUNCTION jitgate_microseconds AS (text) -> fromUnixTimestamp64Micro(toInt64OrZero(text), 'UTC');
CREATE OR REPLACE FUNCTION jitgate_time AS (text) -> parseDateTime64BestEffortOrNull(text, 6, 'UTC');
CREATE OR REPLACE FUNCTION jitgate_moment AS (text) -> parseDateTime64BestEffort(text, 6, 'UTC');
CREATE OR REPLACE FUNCTION jitgate_digest AS (text) -> lower(hex(SHA256(text)));
CREATE OR REPLACE FUNCTION jitgate_nullable AS (value) -> toNullable(value);
CREATE OR REPLACE FUNCTION jitgate_set AS (list) -> arrayStringConcat(arraySort(arrayDistinct(list)), ', ');
CREATE OR REPLACE FUNCTION jitgate_matches AS (text, pattern) -> extractAll(text, pattern);
CREATE OR REPLACE FUNCTION jitgate_without AS (text, pattern) -> replaceRegexpAll(text, pattern, '');
CREATE OR REPLACE FUNCTION jitgate_escapes AS (text) -> position(text, '\\') > 0;
-- The sum of lists of the form ADDRESS COUNT.
CREATE OR REPLACE FUNCTION jitgate_sum AS (list) -> arraySum(entry -> toInt64OrZero(regexpExtract(entry, ' ([0-9]+)$', 1)), list);
CREATE OR REPLACE FUNCTION jitgate_pairs AS (numbers, names) ->
    arrayMap(place -> concat(numbers[place], '/', names[place]), range(1, length(numbers) + 1));

-- What is inserted here becomes records and notices; the lines themselves are kept with these.
CREATE TABLE IF NOT EXISTS lines (line String, file String DEFAULT '') ENGINE = Null;

CREATE TABLE IF NOT EXISTS records_loaded (
    machine LowCardinality(String), hostname LowCardinality(String), boot LowCardinality(String),
    seq Int64, recorded DateTime64(6, 'UTC'), boottime Nullable(Int64), priority LowCardinality(String),
    event LowCardinality(String), message String CODEC(ZSTD), grant_ids Array(String), grant_sha256 String,
    requestor String, signers Array(String), approvers Array(String), break_glass Array(String), justification String,
    ticket String, supersedes Array(String), superseded_by String, sources Array(String), ports Array(String),
    deadline Nullable(DateTime64(6, 'UTC')), file String, origin LowCardinality(String), reason String, actor String,
    comment String, outcome LowCardinality(String), peer String, packets Nullable(Int64), bytes Nullable(Int64),
    connections Nullable(Int64), draining Nullable(Int64), drain_until Nullable(DateTime64(6, 'UTC')),
    mode LowCardinality(String), missed Nullable(Int64), missed_sources Array(String), policy_sha256 String,
    policy_fallback String CODEC(ZSTD), revocation Array(String), revokes Array(String),
    bar_until Nullable(DateTime64(6, 'UTC')), evidence String CODEC(ZSTD), digest FixedString(64), copy UInt8,
    loaded_from LowCardinality(String), line String CODEC(ZSTD)
) ENGINE = ReplacingMergeTree(copy) ORDER BY (machine, seq, digest) PARTITION BY toYYYYMM(recorded);

CREATE TABLE IF NOT EXISTS notices_loaded (
    machine LowCardinality(String), hostname LowCardinality(String), recorded DateTime64(6, 'UTC'),
    kind LowCardinality(String), first Nullable(Int64), last Nullable(Int64), text String, loaded_from LowCardinality(String)
) ENGINE = ReplacingMergeTree ORDER BY (machine, kind, recorded, text, loaded_from);

CREATE OR REPLACE VIEW records AS SELECT * FROM records_loaded FINAL;
CREATE OR REPLACE VIEW notices AS SELECT * FROM notices_loaded FINAL;
