-- Which access needed no grant: trusted networks, observe mode, and since when?
-- `protects only` names the ports that the policy protects: all others are open to anybody.
--   host: a name, a pattern such as web-% (%: all), or a machine id
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT hostname, kind, sources, since, until
FROM standing
WHERE (hostname ILIKE parameter('host') OR machine = parameter('host'))
    AND (since IS NULL OR since < jitgate_moment(parameter('until')))
    AND (until IS NULL OR until > jitgate_moment(parameter('since')))
ORDER BY hostname, kind, since, sources;
