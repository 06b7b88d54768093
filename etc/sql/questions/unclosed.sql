-- Which openings does no record close?
-- The kernel ends an opening at its deadline without the agent. `records_until` is the time of the host's last record: if that is
-- before the deadline, the opening may have been live then; after it, a record is missing.
SELECT opening.hostname AS hostname, opening.requestor AS requestor, opening.sources AS sources, opening.ports AS ports,
    opening.opened AS opened, opening.deadline AS deadline, host.last_recorded AS records_until,
    CASE WHEN host.last_recorded < opening.deadline THEN 'open at the last record' ELSE 'the closing record is missing' END AS finding,
    opening.grant_id AS grant_id
FROM openings AS opening INNER JOIN hosts AS host ON opening.machine = host.machine
WHERE opening.opened IS NOT NULL AND opening.closed IS NULL
ORDER BY opened, hostname, grant_id;
