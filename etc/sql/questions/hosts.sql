-- Of which hosts are there records, from when to when?
-- Compare this with your inventory: a host of which nothing arrived is in no answer. `missing` counts numbers between the first and
-- the last that are not there; missing.sql names them.
SELECT hostname, machine, first_recorded, last_recorded, first_seq, last_seq, last_seq - first_seq + 1 - records AS missing
FROM hosts
ORDER BY last_recorded, hostname, machine;
