-- One schema for the records of all hosts, for DuckDB and ClickHouse. First load duckdb.sql or clickhouse.sql.
--
-- A text that a record does not have is '', a number or time NULL. Times are UTC. `machine` and `seq` name a record; two
-- records of one name that differ in more than their times show that a log was forked or rewritten: see the question
-- missing.sql. A journal keeps several values of a field in no order, so texts that list some have them sorted.

CREATE OR REPLACE TABLE records AS
SELECT
    jitgate_text(fields, '_MACHINE_ID') AS machine,
    jitgate_text(fields, '_HOSTNAME') AS hostname,
    jitgate_text(fields, '_BOOT_ID') AS boot,
    jitgate_number(jitgate_text(fields, 'JITGATE_SEQ')) AS seq,
    jitgate_microseconds(jitgate_text(fields, '__REALTIME_TIMESTAMP')) AS recorded,
    jitgate_number(jitgate_text(fields, '__MONOTONIC_TIMESTAMP')) AS boottime,
    jitgate_text(fields, 'PRIORITY') AS priority,
    jitgate_text(fields, 'JITGATE_EVENT') AS event,
    jitgate_text(fields, 'MESSAGE') AS message,
    jitgate_values(fields, 'JITGATE_GRANT') AS grant_ids,
    jitgate_set(jitgate_values(fields, 'JITGATE_GRANT_SHA256')) AS grant_sha256,
    jitgate_set(jitgate_values(fields, 'JITGATE_REQUESTOR')) AS requestor,
    jitgate_values(fields, 'JITGATE_SIGNERS') AS signers,
    jitgate_values(fields, 'JITGATE_APPROVERS') AS approvers,
    jitgate_values(fields, 'JITGATE_BREAK_GLASS') AS break_glass,
    jitgate_text(fields, 'JITGATE_JUSTIFICATION') AS justification,
    jitgate_text(fields, 'JITGATE_TICKET') AS ticket,
    jitgate_values(fields, 'JITGATE_SUPERSEDES') AS supersedes,
    jitgate_text(fields, 'JITGATE_SUPERSEDED_BY') AS superseded_by,
    jitgate_values(fields, 'JITGATE_SOURCES') AS sources,
    jitgate_values(fields, 'JITGATE_PORTS') AS ports,
    jitgate_time(jitgate_text(fields, 'JITGATE_DEADLINE')) AS deadline,
    jitgate_text(fields, 'JITGATE_FILE') AS file,
    jitgate_text(fields, 'JITGATE_ORIGIN') AS origin,
    jitgate_text(fields, 'JITGATE_REASON') AS reason,
    jitgate_set(jitgate_values(fields, 'JITGATE_ACTOR')) AS actor,
    jitgate_text(fields, 'JITGATE_COMMENT') AS comment,
    jitgate_text(fields, 'JITGATE_OUTCOME') AS outcome,
    jitgate_text(fields, 'JITGATE_PEER') AS peer,
    jitgate_number(jitgate_text(fields, 'JITGATE_PACKETS')) AS packets,
    jitgate_number(jitgate_text(fields, 'JITGATE_BYTES')) AS bytes,
    jitgate_number(jitgate_text(fields, 'JITGATE_CONNECTIONS')) AS connections,
    jitgate_number(jitgate_text(fields, 'JITGATE_DRAINING')) AS draining,
    jitgate_time(jitgate_text(fields, 'JITGATE_DRAIN_UNTIL')) AS drain_until,
    jitgate_text(fields, 'JITGATE_MODE') AS mode,
    jitgate_number(jitgate_text(fields, 'JITGATE_MISSED')) AS missed,
    jitgate_values(fields, 'JITGATE_MISSED_SOURCES') AS missed_sources,
    jitgate_text(fields, 'JITGATE_POLICY_SHA256') AS policy_sha256,
    jitgate_text(fields, 'JITGATE_POLICY_FALLBACK') AS policy_fallback,
    jitgate_values(fields, 'JITGATE_REVOCATION') AS revocation,
    jitgate_values(fields, 'JITGATE_REVOKES') AS revokes,
    jitgate_time(jitgate_text(fields, 'JITGATE_UNTIL')) AS bar_until,
    jitgate_text(fields, 'JITGATE_EVIDENCE') AS evidence,
    jitgate_digest(jitgate_text(fields, 'JITGATE_EVENT') || '\x1f' || jitgate_text(fields, 'MESSAGE')
        || '\x1f' || jitgate_set(jitgate_values(fields, 'JITGATE_GRANT'))
        || '\x1f' || jitgate_set(jitgate_values(fields, 'JITGATE_GRANT_SHA256'))
        || '\x1f' || jitgate_set(jitgate_values(fields, 'JITGATE_SIGNERS'))
        || '\x1f' || jitgate_text(fields, 'JITGATE_JUSTIFICATION')
        || '\x1f' || jitgate_set(jitgate_values(fields, 'JITGATE_SOURCES'))
        || '\x1f' || jitgate_set(jitgate_values(fields, 'JITGATE_PORTS'))
        || '\x1f' || jitgate_text(fields, 'JITGATE_DEADLINE')
        || '\x1f' || jitgate_text(fields, 'JITGATE_REASON')
        || '\x1f' || jitgate_set(jitgate_values(fields, 'JITGATE_ACTOR'))
        || '\x1f' || jitgate_text(fields, 'JITGATE_PEER')
        || '\x1f' || jitgate_text(fields, 'JITGATE_MISSED')
        || '\x1f' || jitgate_text(fields, 'JITGATE_POLICY_SHA256')) AS digest,
    -- 1 from a log, 0 from a journal, which has the time at which it took the record.
    CASE WHEN jitgate_text(fields, '_TRANSPORT') = '' THEN 1 ELSE 0 END AS copy,
    loaded_from,
    line
FROM (SELECT jitgate_fields(line) AS fields, line, file AS loaded_from FROM lines) AS parsed
WHERE jitgate_text(fields, 'JITGATE_EVENT') <> '' AND jitgate_number(jitgate_text(fields, 'JITGATE_SEQ')) IS NOT NULL
    -- Every user may write into a journal, with any fields, but not as root.
    AND (jitgate_text(fields, '_TRANSPORT') = '' OR jitgate_text(fields, '_UID') = '0')
QUALIFY row_number() OVER (PARTITION BY machine, seq, digest ORDER BY copy DESC, loaded_from) = 1;

-- What a journal says about the log, and lines that cannot be read.
CREATE OR REPLACE TABLE notices AS
SELECT DISTINCT
    jitgate_text(fields, '_MACHINE_ID') AS machine,
    jitgate_text(fields, '_HOSTNAME') AS hostname,
    jitgate_microseconds(jitgate_text(fields, '__REALTIME_TIMESTAMP')) AS recorded,
    CASE jitgate_text(fields, 'MESSAGE_ID')
    WHEN '223d8e6f0c1c4edb9b7ed1fc8f883cd6' THEN 'checkpoint'
    WHEN 'ebbd9c80f7d8482bb871a4b2b08b1b35' THEN 'in the log alone'
    ELSE 'unreadable line' END AS kind,
    jitgate_number(jitgate_text(fields, 'JITGATE_FIRST')) AS first,
    CASE WHEN jitgate_text(fields, 'JITGATE_CHECKPOINT') = '' THEN jitgate_number(jitgate_text(fields, 'JITGATE_LAST'))
    ELSE jitgate_number(regexp_extract(jitgate_text(fields, 'JITGATE_CHECKPOINT'), '^[^\n]*\n([0-9]+)\n', 1)) - 1 END AS last,
    jitgate_text(fields, 'JITGATE_CHECKPOINT') AS text,
    loaded_from
FROM (SELECT jitgate_fields(line) AS fields, line, file AS loaded_from FROM lines) AS parsed
WHERE jitgate_none(fields) OR (jitgate_text(fields, '_UID') = '0' AND jitgate_text(fields, 'MESSAGE_ID') IN
    ('223d8e6f0c1c4edb9b7ed1fc8f883cd6', 'ebbd9c80f7d8482bb871a4b2b08b1b35'));

-- A row for each grant that a record names.
CREATE OR REPLACE VIEW grant_records AS
SELECT machine, hostname, seq, recorded, event, arrayJoin(grant_ids) AS grant_id, requestor, signers, justification, ticket,
    superseded_by, sources, ports, deadline, reason, actor, comment, outcome, peer, bytes, connections, draining, drain_until,
    missed, missed_sources
FROM records;

-- A row for each grant on each host: its life. `opened` is NULL while it only waits, `closed` while no record closes it.
CREATE OR REPLACE VIEW openings AS
SELECT record.machine AS machine, record.grant_id AS grant_id, max(record.hostname) AS hostname,
    min(CASE WHEN record.event = 'grant-accepted' THEN record.recorded END) AS accepted,
    min(CASE WHEN record.event = 'grant-opened' THEN record.recorded END) AS opened,
    min(CASE WHEN record.event = 'grant-opened' THEN record.deadline END) AS deadline,
    min(CASE WHEN record.event = 'grant-closed' THEN record.recorded END) AS closed,
    max(CASE WHEN record.event = 'grant-closed' THEN record.reason ELSE '' END) AS closed_because,
    max(CASE WHEN record.event = 'grant-closed' THEN record.actor ELSE '' END) AS closed_by,
    max(CASE WHEN record.event = 'grant-closed' THEN record.comment ELSE '' END) AS closing_comment,
    max(CASE WHEN record.event = 'grant-closed' THEN record.superseded_by ELSE '' END) AS superseded_by,
    max(CASE WHEN record.event = 'grant-closed' THEN record.draining END) AS draining,
    max(CASE WHEN record.event = 'grant-closed' THEN record.drain_until END) AS drain_until,
    min(CASE WHEN record.event = 'drain-ended' THEN record.recorded END) AS drained,
    max(CASE WHEN record.event = 'grant-closed' THEN record.connections END) AS connections,
    max(CASE WHEN record.event = 'grant-closed' THEN record.bytes END) AS bytes,
    max(CASE WHEN record.event IN ('grant-accepted', 'grant-opened') THEN record.requestor ELSE '' END) AS requestor,
    max(CASE WHEN record.event IN ('grant-accepted', 'grant-opened') THEN jitgate_set(record.signers) ELSE '' END) AS signers,
    max(CASE WHEN record.event IN ('grant-accepted', 'grant-opened') THEN record.justification ELSE '' END) AS justification,
    max(CASE WHEN record.event IN ('grant-accepted', 'grant-opened') THEN record.ticket ELSE '' END) AS ticket,
    max(CASE WHEN record.event IN ('grant-accepted', 'grant-opened') THEN jitgate_set(record.sources) ELSE '' END) AS sources,
    max(CASE WHEN record.event IN ('grant-accepted', 'grant-opened') THEN jitgate_set(record.ports) ELSE '' END) AS ports,
    max(CASE WHEN record.event = 'break-glass-opened' THEN 'yes' ELSE '' END) AS break_glass,
    min(CASE WHEN record.event = 'review-accepted' THEN record.recorded END) AS reviewed,
    max(CASE WHEN record.event = 'review-accepted' THEN record.actor ELSE '' END) AS reviewed_by,
    max(CASE WHEN record.event = 'review-accepted' THEN record.outcome ELSE '' END) AS outcome,
    sum(CASE WHEN record.event = 'grant-used' THEN 1 ELSE 0 END) AS use_records
FROM grant_records AS record
GROUP BY record.machine, record.grant_id;

-- Addresses with counts: a record's own peer, and those that it counts without a record of their own. What it counts and
-- does not name has the address ''; a negative count takes back what one record names and the next one counts. In observe
-- mode packets would be denied, and come in.
CREATE OR REPLACE VIEW attempts AS
SELECT machine, hostname, seq, recorded, event, reason, grant_ids,
    CASE WHEN message LIKE '% would be denied%' THEN 'would be denied' WHEN event = 'grant-used' THEN '' ELSE 'denied' END AS verdict,
    jitgate_set(ports) AS ports,
    CASE WHEN peer LIKE '[%' THEN regexp_extract(peer, '^.([^]]*)', 1)
        WHEN peer LIKE '%:%:%' THEN peer
        ELSE regexp_extract(peer, '^([^:]*)', 1) END AS address,
    1 AS packets, 'yes' AS own_record
FROM records WHERE event IN ('grant-used', 'attempt-denied')
UNION ALL
SELECT machine, hostname, seq, recorded, event, reason, grant_ids,
    CASE WHEN message LIKE '% would be denied%' THEN 'would be denied' WHEN event = 'grant-used' THEN '' ELSE 'denied' END, '',
    regexp_extract(counted, '^([^ ]*) ', 1), coalesce(jitgate_number(regexp_extract(counted, ' ([0-9]+)$', 1)), 0), ''
FROM (SELECT machine, hostname, seq, recorded, event, reason, message, grant_ids, arrayJoin(missed_sources) AS counted
    FROM records WHERE event IN ('grant-used', 'attempt-denied', 'attempts-summary')) AS named
UNION ALL
SELECT machine, hostname, seq, recorded, event, reason, grant_ids,
    CASE WHEN message LIKE '% would be denied%' THEN 'would be denied' WHEN event = 'grant-used' THEN '' ELSE 'denied' END, '', '',
    total - named, ''
FROM (SELECT machine, hostname, seq, recorded, event, reason, message, grant_ids, coalesce(missed, 0) AS total,
        jitgate_sum(missed_sources) AS named
    FROM records WHERE event IN ('grant-used', 'attempt-denied', 'attempts-summary')) AS counts
WHERE total <> named;

-- The policies, from when to when, and what a pattern can read in them: networks that are never denied, and protected ports.
-- After a trial that nobody confirmed the kernel goes back to the policy before, also with no agent there to record it.
CREATE OR REPLACE VIEW policies AS
SELECT machine, hostname, seq, recorded AS begins, deadline AS trial_until, mode, policy_sha256, evidence AS policy,
    policy_fallback, lead(jitgate_nullable(recorded)) OVER (PARTITION BY machine ORDER BY seq) AS next_policy
FROM records WHERE event = 'policy-loaded' AND policy_sha256 <> '';

CREATE OR REPLACE VIEW policy_periods AS
SELECT machine, hostname, begins, ends, policy_sha256, mode,
    CASE WHEN readable = 'no' OR length(trusted_lists) = 0 THEN jitgate_matches('', '(x)')
        ELSE jitgate_matches(trusted_lists[1], '["'']([^"'']*)["'']') END AS trusted,
    CASE WHEN readable = 'no' THEN jitgate_matches('', '(x)')
        WHEN length(numbers) = 0 THEN jitgate_matches('22/tcp 3389/tcp 3389/udp', '([^ ]+)')
        ELSE jitgate_pairs(numbers, protocols) END AS protected,
    readable
FROM (SELECT machine, hostname, begins, ends, policy_sha256, mode, trusted_lists, numbers, protocols,
        CASE WHEN (plain = '' AND policy_sha256 <> 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
            OR jitgate_escapes(plain) OR length(jitgate_matches(plain, '("""|''{3})')) > 0
            OR length(trusted_lists) <> length(jitgate_matches(plain, '(trusted["'']?\s*=)'))
            OR length(numbers) <> length(jitgate_matches(plain, '(number["'']?\s*=)'))
            OR length(numbers) <> length(jitgate_matches(plain, '(\[\[\s*["'']?port["'']?\s*\]\])'))
            OR length(numbers) <> length(protocols)
            OR length(jitgate_matches(plain, '(?m)^\s*["'']?(port)["'']?\s*[.=]')) > 0
        THEN 'no' ELSE 'yes' END AS readable
    FROM (SELECT machine, hostname, begins, ends, policy_sha256, mode, plain,
            jitgate_matches(plain, '(?m)^\s*["'']?trusted["'']?\s*=\s*\[([^\]]*)\]') AS trusted_lists,
            jitgate_matches(plain, '(?m)^\s*["'']?number["'']?\s*=\s*([0-9]+)\s*$') AS numbers,
            jitgate_matches(plain, '(?m)^\s*["'']?protocol["'']?\s*=\s*["'']([a-z]+)["'']\s*$') AS protocols
        FROM (SELECT machine, hostname, begins, policy_sha256, mode, jitgate_without(policy, '#[^
]*') AS plain,
                CASE WHEN trial_until IS NOT NULL AND (next_policy IS NULL OR trial_until < next_policy) THEN trial_until
                    ELSE next_policy END AS ends
            FROM policies
            UNION ALL
            SELECT machine, hostname, trial_until AS begins, '' AS policy_sha256,
                CASE WHEN length(jitgate_matches(policy_fallback, '(?m)^\s*mode\s*=\s*["''](enforce)["'']')) > 0 THEN 'enforce'
                    ELSE 'observe' END AS mode,
                jitgate_without(policy_fallback, '#[^
]*') AS plain, next_policy AS ends
            FROM policies
            WHERE trial_until IS NOT NULL AND (next_policy IS NULL OR trial_until < next_policy)) AS texts
        ) AS matches
    ) AS judged;

-- What let people in without a grant, from when to when; periods that follow each other are one. Without an end it was so
-- when the last record was made. `port` is '' where it is about all protected ports.
CREATE OR REPLACE VIEW standing AS
SELECT machine, max(hostname) AS hostname, kind, sources, min(begins) AS since,
    CASE WHEN sum(CASE WHEN ends IS NULL THEN 1 ELSE 0 END) > 0 THEN NULL ELSE max(ends) END AS until
FROM (SELECT machine, hostname, kind, sources, begins, ends, sum(fresh) OVER (
            PARTITION BY machine, kind, sources ORDER BY begins ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS island
    FROM (SELECT machine, hostname, kind, sources, begins, ends, CASE WHEN begins = lag(ends) OVER (
                PARTITION BY machine, kind, sources ORDER BY begins) THEN 0 ELSE 1 END AS fresh
        FROM (SELECT machine, hostname, 'trusted network' AS kind, arrayJoin(trusted) AS sources, begins, ends
            FROM policy_periods
            UNION ALL
            SELECT machine, hostname, 'observe mode', 'anywhere', begins, ends FROM policy_periods WHERE mode = 'observe'
            UNION ALL
            SELECT machine, hostname, 'protects only', jitgate_set(protected), begins, ends FROM policy_periods
            WHERE readable = 'yes'
            UNION ALL
            SELECT machine, hostname, 'unread policy', policy_sha256, begins, ends FROM policy_periods WHERE readable = 'no'
            ) AS periods
        ) AS neighbours
    ) AS islands
GROUP BY machine, kind, sources, island;

-- A row for each number of a record, with the time of the record before it.
CREATE OR REPLACE VIEW sequence AS
SELECT machine, hostname, seq, recorded, event, reason, copies, digest,
    lag(jitgate_nullable(seq)) OVER (PARTITION BY machine ORDER BY seq) AS seq_before,
    lag(jitgate_nullable(recorded)) OVER (PARTITION BY machine ORDER BY seq) AS recorded_before
FROM (SELECT record.machine AS machine, record.seq AS seq, max(record.hostname) AS hostname, min(record.recorded) AS recorded,
        min(record.event) AS event, min(record.reason) AS reason, count(*) AS copies, min(record.digest) AS digest
    FROM records AS record GROUP BY record.machine, record.seq) AS numbers;

-- The hosts, and how far their records go.
CREATE OR REPLACE VIEW hosts AS
SELECT number.machine AS machine, max(number.hostname) AS hostname, min(number.seq) AS first_seq, max(number.seq) AS last_seq,
    min(number.recorded) AS first_recorded, max(number.recorded) AS last_recorded, count(*) AS records,
    argMin(number.event, number.seq) AS first_event
FROM sequence AS number GROUP BY number.machine;

-- Times of which the records do not say all: no agent, foreign changes of the table, sessions that were let go on.
CREATE OR REPLACE VIEW uncertain AS
SELECT machine, hostname, 'records missing' AS kind, recorded_before AS since, jitgate_nullable(recorded) AS until,
    'records ' || CAST(seq_before + 1 AS VARCHAR) || ' to ' || CAST(seq - 1 AS VARCHAR) AS remark
FROM sequence WHERE seq > seq_before + 1
UNION ALL
SELECT machine, hostname, 'agent not running', recorded, next_start, 'stopped; the kernel kept the gate and the deadlines'
FROM (SELECT machine, hostname, recorded, event, min(CASE WHEN event = 'agent-started' THEN recorded END) OVER (
            PARTITION BY machine ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS next_start
    FROM sequence WHERE event IN ('agent-started', 'agent-stopped')) AS stops
WHERE event = 'agent-stopped'
UNION ALL
SELECT machine, hostname, 'agent not running', last_before, jitgate_nullable(recorded),
    'ended without a record; the kernel kept the gate and the deadlines'
FROM (SELECT machine, hostname, seq, recorded, event, last_before, lag(event) OVER (PARTITION BY machine ORDER BY seq) AS event_before
    FROM (SELECT machine, hostname, seq, recorded, event, max(CASE WHEN event = 'policy-loaded' THEN recorded_before END) OVER (
                PARTITION BY machine ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_before
        FROM sequence) AS loads
    WHERE event IN ('agent-started', 'agent-stopped')) AS starts
WHERE event = 'agent-started' AND event_before = 'agent-started'
UNION ALL
SELECT machine, hostname, 'table changed by others', jitgate_nullable(recorded), repaired, 'until the agent put it back'
FROM (SELECT machine, hostname, recorded, event, min(CASE WHEN event = 'tamper-repaired' THEN recorded END) OVER (
            PARTITION BY machine ORDER BY seq ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS repaired
    FROM sequence WHERE event IN ('tamper-detected', 'tamper-repaired')) AS changes
WHERE event = 'tamper-detected'
UNION ALL
SELECT machine, hostname, 'earlier sessions went on', jitgate_nullable(recorded), drain_until,
    CAST(draining AS VARCHAR) || ' sessions from before enforcing, until then at the latest'
FROM records WHERE event = 'policy-loaded' AND draining > 0;

-- Who could reach which port of which host, from when to when. `port` is '' where it is about all protected ports.
CREATE OR REPLACE VIEW exposures AS
SELECT opening.machine AS machine, opening.hostname AS hostname, 'grant' AS kind, opening.requestor AS who,
    opening.sources AS sources, entry.port AS port, jitgate_nullable(opening.opened) AS since,
    CASE WHEN opening.closed IS NULL THEN opening.deadline ELSE opening.closed END AS until, opening.grant_id AS grant_id,
    opening.signers AS signers, opening.ticket AS ticket, opening.justification AS justification,
    CASE WHEN opening.closed IS NULL THEN 'no record closes it; until its deadline' ELSE opening.closed_because END AS remark
FROM openings AS opening
INNER JOIN (SELECT DISTINCT machine, grant_id, arrayJoin(ports) AS port FROM grant_records WHERE event = 'grant-opened') AS entry
    ON opening.machine = entry.machine AND opening.grant_id = entry.grant_id
UNION ALL
SELECT opening.machine, opening.hostname, 'draining', opening.requestor, opening.sources, entry.port, opening.closed,
    CASE WHEN opening.drained IS NULL THEN opening.drain_until ELSE opening.drained END, opening.grant_id, opening.signers,
    opening.ticket, opening.justification, CAST(opening.draining AS VARCHAR) || ' sessions that had begun before'
FROM openings AS opening
INNER JOIN (SELECT DISTINCT machine, grant_id, arrayJoin(ports) AS port FROM grant_records WHERE event = 'grant-opened') AS entry
    ON opening.machine = entry.machine AND opening.grant_id = entry.grant_id
WHERE opening.drain_until IS NOT NULL
UNION ALL
SELECT machine, hostname, kind, CASE WHEN kind = 'unread policy' THEN 'not known' ELSE 'anybody' END, sources, '',
    jitgate_nullable(since), until, '', '', '', '',
    CASE WHEN kind = 'unread policy' THEN 'read it: jitgate audit report' ELSE '' END
FROM standing WHERE kind <> 'protects only'
UNION ALL
SELECT machine, hostname, kind, 'not known', '', '', since, until, '', '', '', '', remark FROM uncertain
UNION ALL
SELECT machine, hostname, 'before the first record', 'not known', '', '', NULL, jitgate_nullable(first_recorded), '', '', '', '',
    CASE WHEN first_seq = 0 THEN 'the log begins here' ELSE 'earlier records were pruned, or are missing' END
FROM hosts
UNION ALL
SELECT machine, hostname, 'after the last record', 'not known', '', '', jitgate_nullable(last_recorded), NULL, '', '', '', '',
    'what was so then goes on until records say otherwise'
FROM hosts;
