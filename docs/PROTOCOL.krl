jitgate revoked keys, version 1
===============================

The file that `revoked_keys` of the policy names is a key revocation list of OpenSSH, if it begins with
the eight bytes "SSHKRL", LF, NUL; otherwise it is a list of public keys. The agent reads at most 8 MiB.
If any part is malformed it refuses the whole file and goes on with the last good one; without a good
one no signature counts.

1. A list of public keys

Lines of `TYPE BASE64 [comment]`, as in the .pub files of ssh-keygen. Empty lines and lines that begin
with # are ignored. Keys of every type may be listed; a listed certificate stands for the key inside
it. A listed key revokes

    signatures by it, certified or not, and
    signatures by certificates that it signed as a CA.

2. A key revocation list

The format is that of OpenSSH's PROTOCOL.krl, as `ssh-keygen -k` writes it:

    bytes     "SSHKRL", LF, NUL
    uint32    1
    uint64    number, uint64 date, uint64 flags, string reserved, string comment: not looked at
    sections  byte type, string data; until the end of the file

    type                           data                            meaning
    1    certificates              string CA key, string reserved, certificates of that CA; of any, if
                                   then sections as below          the key is empty
    2    keys                      string key ...                  as in a list of public keys
    3    SHA-1 of keys             string of 20 bytes ...          the same
    5    SHA-256 of keys           string of 32 bytes ...          the same
    4    signature                                                 refused, as OpenSSH since 9.4 does
    255  extension                 string name, byte critical,     ignored; refused if it is critical
                                   string contents

    type, for certificates         data
    32   serial numbers            uint64 ...
    33   a range of them           uint64 first, uint64 last, both included
    34   a bitmap of them          uint64 offset, mpint: bit N is the serial number offset + N; at most
                                   2048 bytes
    35   key ids                   string ...
    57   extension                 as above

The agent refuses a file with a section of another type, since it cannot know what that revokes. The
serial number 0 means that a CA gives none, and cannot be revoked.
