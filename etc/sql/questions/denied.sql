-- Who was denied, from which addresses, and how often?
-- `attempts` has all that were counted, `records` those with a record of their own; an empty address stands for packets that were
-- counted without one. `would be denied` are packets that came in
-- because the host observed.
--   host: a name, a pattern such as web-% (%: all), or a machine id
--   source: a pattern for the address (203.0.113.%, % for all)
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT address, hostname, verdict, sum(packets) AS attempts, sum(CASE WHEN own_record = 'yes' THEN 1 ELSE 0 END) AS records,
    min(recorded) AS first_attempt, max(recorded) AS last_attempt, jitgate_set(array_agg(nullif(ports, ''))) AS ports
FROM attempts
WHERE (event = 'attempt-denied' OR (event = 'attempts-summary' AND reason <> 'unproved'))
    AND (hostname ILIKE parameter('host') OR machine = parameter('host')) AND address LIKE parameter('source')
    AND recorded >= jitgate_moment(parameter('since')) AND recorded < jitgate_moment(parameter('until'))
GROUP BY address, hostname, verdict
HAVING sum(packets) > 0
ORDER BY attempts DESC, address, hostname, verdict;
