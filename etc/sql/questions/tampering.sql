-- What happened to the gate, the clock, the policy and the log?
--   host: a name, a pattern such as web-% (%: all), or a machine id
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT recorded, hostname, event, mode, actor, reason, message, seq
FROM records
WHERE event IN ('tamper-detected', 'tamper-repaired', 'clock-stepped', 'clock-accepted', 'host-changed', 'audit-rekeyed',
        'policy-loaded', 'policy-refused', 'mode-changed', 'agent-started', 'agent-stopped')
    AND (hostname ILIKE parameter('host') OR machine = parameter('host'))
    AND recorded >= jitgate_moment(parameter('since')) AND recorded < jitgate_moment(parameter('until'))
ORDER BY recorded, hostname, seq;
