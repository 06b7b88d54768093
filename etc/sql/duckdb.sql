-- DuckDB's part of the schema: functions by the names that schema.sql uses, and the lines of all files.
--
--     SET VARIABLE files = ['logs/*/audit*.jsonl', 'journal.json'];     -- names or patterns, any number
--     .read etc/sql/duckdb.sql
--     .read etc/sql/schema.sql
--
-- A file holds audit logs or the output of `journalctl -o json --all`, of one host or of many. What is not JSON, such as
-- the unfinished last line of a running host's log, becomes a line of the table without content.

-- An argument of a question. One that was not set is an error: an empty answer would look like a good one.
CREATE OR REPLACE MACRO parameter(name) AS
    coalesce(CAST(getvariable(name) AS VARCHAR), CAST(error('set it first: SET VARIABLE ' || name || ' = ''...''') AS VARCHAR));

CREATE OR REPLACE MACRO jitgate_element(value) AS
    CASE json_type(value)
    WHEN 'ARRAY' THEN decode(unhex(array_to_string(
        list_transform(from_json(value, '["UTINYINT"]'), lambda byte: lpad(hex(byte), 2, '0')), '')))
    ELSE coalesce(json_extract_string(value, '$'), '') END;
-- The fields of a line; none if it is no JSON object, or names a field twice.
CREATE OR REPLACE MACRO jitgate_fields(line) AS
    coalesce(
        json_transform(CASE WHEN json_valid(line) AND length(list_distinct(json_keys(line))) = length(json_keys(line)) THEN line
            ELSE '[]' END, '"MAP(VARCHAR, JSON)"'),
        MAP(CAST([] AS VARCHAR[]), CAST([] AS JSON[])));
CREATE OR REPLACE MACRO jitgate_none(fields) AS length(map_keys(fields)) = 0;
-- All values of a field. journalctl prints a text with control characters as an array of its bytes.
CREATE OR REPLACE MACRO jitgate_values(fields, name) AS
    CASE json_type(fields[name])
    WHEN 'VARCHAR' THEN [json_extract_string(fields[name], '$')]
    WHEN 'ARRAY' THEN
        CASE WHEN json_type(fields[name], '$[0]') IN ('UBIGINT', 'BIGINT') THEN [jitgate_element(fields[name])]
        ELSE list_transform(from_json(fields[name], '["JSON"]'), lambda value: jitgate_element(value)) END
    ELSE CAST([] AS VARCHAR[]) END;
CREATE OR REPLACE MACRO jitgate_text(fields, name) AS coalesce(jitgate_values(fields, name)[1], '');
CREATE OR REPLACE MACRO jitgate_number(text) AS TRY_CAST(text AS BIGINT);
CREATE OR REPLACE MACRO jitgate_microseconds(text) AS make_timestamp(TRY_CAST(text AS BIGINT));
CREATE OR REPLACE MACRO jitgate_time(text) AS TRY_CAST(nullif(text, '') AS TIMESTAMP);
CREATE OR REPLACE MACRO jitgate_moment(text) AS CAST(text AS TIMESTAMP);
CREATE OR REPLACE MACRO jitgate_digest(text) AS sha256(text);
CREATE OR REPLACE MACRO jitgate_nullable(value) AS value;
CREATE OR REPLACE MACRO jitgate_set(list) AS array_to_string(list_sort(list_distinct(list)), ', ');
CREATE OR REPLACE MACRO jitgate_matches(text, pattern) AS regexp_extract_all(text, pattern, 1);
CREATE OR REPLACE MACRO jitgate_without(text, pattern) AS regexp_replace(text, pattern, '', 'g');
CREATE OR REPLACE MACRO jitgate_escapes(text) AS contains(text, '\');
-- The sum of lists of the form ADDRESS COUNT.
CREATE OR REPLACE MACRO jitgate_sum(list) AS
    coalesce(list_sum(list_transform(list, lambda entry: TRY_CAST(regexp_extract(entry, ' ([0-9]+)$', 1) AS BIGINT))), 0);
CREATE OR REPLACE MACRO jitgate_pairs(numbers, names) AS
    list_transform(range(1, len(numbers) + 1), lambda place: numbers[place] || '/' || names[place]);
CREATE OR REPLACE MACRO has(list, value) AS list_contains(list, value);
CREATE OR REPLACE MACRO arrayJoin(list) AS unnest(list);

CREATE OR REPLACE VIEW lines AS
SELECT coalesce(CAST(json AS VARCHAR), '') AS line, filename AS file
FROM read_ndjson_objects(getvariable('files'), ignore_errors = true, filename = true, maximum_object_size = 33554432);
