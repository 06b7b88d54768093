-- Which grants were opened by break-glass, and which of them has nobody reviewed?
-- A review counts on the host whose log holds it.
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT CASE WHEN reviewed IS NULL THEN 'not reviewed' ELSE outcome END AS review, hostname, requestor, signers, opened, closed, sources, ports,
    ticket, justification, use_records, reviewed, reviewed_by, grant_id
FROM openings
WHERE break_glass = 'yes' AND opened >= jitgate_moment(parameter('since')) AND opened < jitgate_moment(parameter('until'))
ORDER BY opened, hostname, grant_id;
