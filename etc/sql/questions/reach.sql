-- Who could reach a port of a host, at any time between two moments?
-- A row is a grant, a trusted network, a time in observe mode or with sessions that were let go on, or a time of which the
-- records do not say all. It shows who could, not who did: see used.sql. `grant` rows end with the grant; `until` is empty
-- where it was still so at the last record.
--   host: a name, a pattern such as web-% (%: all), or a machine id
--   port: 22/tcp
--   since, until: times in UTC, such as 2026-11-01T00:00:00Z
SELECT hostname, kind, who, sources, since, until, grant_id, signers, ticket, justification, remark
FROM (
    SELECT hostname, kind, who, sources, since, until, grant_id, signers, ticket, justification, remark
    FROM exposures
    WHERE (hostname ILIKE parameter('host') OR machine = parameter('host'))
        AND port IN ('', parameter('port'))
        AND (since IS NULL OR since < jitgate_moment(parameter('until')))
        AND (until IS NULL OR until > jitgate_moment(parameter('since')))
    UNION ALL
    SELECT hostname, 'port not protected', 'anybody', 'anywhere', jitgate_nullable(since), until, '', '', '', '',
        'the policy protects only ' || sources
    FROM standing
    WHERE kind = 'protects only' AND (hostname ILIKE parameter('host') OR machine = parameter('host'))
        AND ', ' || sources || ',' NOT LIKE '%, ' || parameter('port') || ',%'
        AND (since IS NULL OR since < jitgate_moment(parameter('until')))
        AND (until IS NULL OR until > jitgate_moment(parameter('since')))) AS found
ORDER BY hostname, since, kind, sources, grant_id;
