-- Who used a grant, from which addresses, and how often?
-- A record is made for the first connection of each source, and for as many more as there is room for; `uses` has all that were
-- counted, `records` those with a record of their own. An empty address stands for uses that were counted without one.
--   grant: an id, or % for all
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT used.hostname AS hostname, used.grant_id AS grant_id, opening.requestor AS requestor, used.address AS address,
    sum(used.packets) AS uses, sum(CASE WHEN used.own_record = 'yes' THEN 1 ELSE 0 END) AS records,
    min(used.recorded) AS first_use, max(used.recorded) AS last_use
FROM (SELECT machine, hostname, arrayJoin(grant_ids) AS grant_id, address, packets, own_record, recorded
    FROM attempts WHERE event = 'grant-used') AS used
INNER JOIN openings AS opening ON used.machine = opening.machine AND used.grant_id = opening.grant_id
WHERE used.grant_id LIKE parameter('grant')
    AND used.recorded >= jitgate_moment(parameter('since')) AND used.recorded < jitgate_moment(parameter('until'))
GROUP BY used.hostname, used.grant_id, opening.requestor, used.address
HAVING sum(used.packets) > 0
ORDER BY hostname, grant_id, address;
