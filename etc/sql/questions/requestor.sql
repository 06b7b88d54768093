-- What was opened for somebody?
--   requestor: a pattern, compared without case (dana%)
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT requestor, hostname, opened, closed, deadline, closed_because, sources, ports, signers, ticket, justification, use_records, grant_id
FROM openings
WHERE (requestor ILIKE parameter('requestor') OR requestor = parameter('requestor'))
    AND opened < jitgate_moment(parameter('until'))
    AND (closed IS NULL OR closed > jitgate_moment(parameter('since')))
ORDER BY opened, hostname, grant_id;
