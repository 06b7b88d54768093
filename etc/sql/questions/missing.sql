-- Which records are missing, and of which hosts?
-- Numbers have no gaps on a host, so a gap here is a record that did not arrive. Records that nothing followed show only by a later
-- checkpoint in the journal, or on the host: `jitgate audit verify` there is the proof.
SELECT hostname, machine, finding, first, last, since, until, remark
FROM (SELECT hostname, machine, 'gap' AS finding, jitgate_nullable(seq_before + 1) AS first, seq - 1 AS last, recorded_before AS since,
        jitgate_nullable(recorded) AS until, '' AS remark
    FROM sequence WHERE seq > seq_before + 1
    UNION ALL
    SELECT hostname, machine, 'beginning', 0, first_seq - 1, NULL, jitgate_nullable(first_recorded),
        CASE WHEN first_event = 'host-changed' THEN 'they are of the machine that this one was cloned from'
            ELSE 'pruned on the host (audit.retention), or missing' END
    FROM hosts WHERE first_seq > 0
    UNION ALL
    SELECT host.hostname, host.machine, 'end', host.last_seq + 1, signed.last, jitgate_nullable(host.last_recorded),
        jitgate_nullable(signed.recorded), 'a checkpoint in the journal signs them'
    FROM hosts AS host
    INNER JOIN (SELECT machine, max(notices.last) AS last, max(notices.recorded) AS recorded FROM notices
        WHERE kind = 'checkpoint' GROUP BY machine) AS signed ON host.machine = signed.machine
    WHERE signed.last > host.last_seq
    UNION ALL
    SELECT hostname, machine, 'two records of one number', seq, seq, jitgate_nullable(recorded), jitgate_nullable(recorded),
        'the log was forked, or somebody wrote a record: verify it on the host'
    FROM sequence WHERE copies > 1
    UNION ALL
    SELECT hostname, machine, 'in the log alone', first, last, jitgate_nullable(recorded), jitgate_nullable(recorded),
        'the journal took too long; read the host''s audit log'
    FROM notices WHERE kind = 'in the log alone'
    UNION ALL
    SELECT '', '', 'unreadable line', NULL, NULL, NULL, NULL, loaded_from FROM notices WHERE kind = 'unreadable line') AS findings
ORDER BY hostname, machine, finding, first, remark;
