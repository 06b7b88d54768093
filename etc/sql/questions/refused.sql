-- Which files were refused, and why?
--   host: a name, a pattern such as web-% (%: all), or a machine id
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT event, regexp_extract(reason, '^([^:]*)', 1) AS code, hostname, sum(coalesce(missed, 1)) AS files, min(recorded) AS first_time,
    max(recorded) AS last_time, max(file) AS a_file, max(reason) AS a_reason
FROM records
WHERE event IN ('grant-refused', 'offers-refused', 'policy-refused')
    AND (hostname ILIKE parameter('host') OR machine = parameter('host'))
    AND recorded >= jitgate_moment(parameter('since')) AND recorded < jitgate_moment(parameter('until'))
GROUP BY event, regexp_extract(reason, '^([^:]*)', 1), hostname
ORDER BY files DESC, event, code, hostname;
