-- What was opened for a ticket?
--   ticket: a pattern, compared without case (INC-4211, CHG-%); '' for grants that name none
SELECT ticket, requestor, hostname, opened, closed, deadline, closed_because, sources, ports, signers, justification, use_records, grant_id
FROM openings
WHERE (ticket ILIKE parameter('ticket') OR ticket = parameter('ticket')) AND opened IS NOT NULL
ORDER BY opened, hostname, grant_id;
