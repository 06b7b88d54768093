-- What did somebody approve, and with whom?
--   approver: a principal of allowed_signers
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT requestor, hostname, opened, closed, deadline, closed_because, sources, ports, signers, break_glass, ticket, justification, grant_id
FROM openings
WHERE (machine, grant_id) IN (SELECT machine, grant_id FROM grant_records WHERE has(signers, parameter('approver')))
    AND opened < jitgate_moment(parameter('until'))
    AND (closed IS NULL OR closed > jitgate_moment(parameter('since')))
ORDER BY opened, hostname, grant_id;
