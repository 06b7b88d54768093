import Auditing
import Grants
import TestSupport
import Testing

@testable import Verifying

/// A log whose records are checked one after the other.
private struct Log {
    private var check: EvidenceCheck
    private var sequence: UInt64 = 0
    private(set) var policy = ""

    init(isWhole: Bool = true) { check = EvidenceCheck(isWhole: isWhole) }

    static let start = Moment(microseconds: 1_800_000_000_000_000)

    mutating func flaws(_ entry: AuditEntry) -> [LogFlaw.Kind] {
        let stamp = RecordStamp(
            realtime: Self.start + .seconds(Int64(sequence)),
            boot: Int64(sequence) * 1_000_000,
            bootID: String(repeating: "a", count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        )
        defer { sequence += 1 }
        return check.flaws(of: Record(sequence: sequence, stamp: stamp, entry: entry)).map(\.kind)
    }

    mutating func load(_ text: String = "[freshness]\nfleet = \"prod\"\n") {
        policy = EvidenceFile.digest(of: Array(text.utf8))
        let fields: [AuditField: [String]] = [
            .policyDigest: [policy], .evidence: [text], .rules: ["4"], .mode: ["observe"],
        ]
        #expect(flaws(AuditEntry(.policyLoaded, "Policy loaded", fields: fields)).isEmpty)
    }
}

@Suite struct `A record of a bulletin` {
    private let herald: SSHKey
    private let ops: SSHKey
    private let other: SSHKey

    init() throws { (herald, ops, other) = (try SSHKey(), try SSHKey(), try SSHKey()) }

    private func fingerprint(_ key: SSHKey) throws -> String {
        let words = try Command.run(["ssh-keygen", "-l", "-f", key.privateFile]).text
        return String(words.split(separator: " ")[1])
    }

    private func line(_ spaces: String = "jitgate-bulletin") throws -> String {
        "herald namespaces=\"\(spaces)\" \(try herald.publicLine)"
    }

    private func record(
        _ bulletin: Bulletin,
        under policy: String,
        line: String? = nil,
        revoking texts: [String]? = nil,
        change: (inout AuditEntry) -> Void = { _ in }
    ) throws -> AuditEntry {
        let payload = bulletin.payload()
        let file = payload + (try herald.sign(payload, namespace: "jitgate-bulletin"))
        let evidence = AuditEntry.evidence(
            file,
            signedBy: [try line ?? self.line()],
            under: policy
        )
        let source = AuditEntry.RevocationSource(
            actors: ["signer:herald"],
            digest: EvidenceFile.digest(of: file),
            file: "/inbox/bulletin",
            evidence: evidence
        )
        var all = RevocationSelection(ids: bulletin.revokedGrants)
        all.keys = bulletin.revokedKeys
        let told = texts.flatMap(RevocationSelection.init(recorded:)) ?? all
        var entry = BulletinRecords.accepted(bulletin, revoking: told, by: source)
        change(&entry)
        return entry
    }

    private func bulletin(
        _ fleet: String = "prod",
        grants: [GrantID] = [],
        keys: [String] = []
    ) -> Bulletin {
        Bulletin(
            fleet: fleet,
            issued: Log.start,
            expires: Log.start + .seconds(3600),
            revokedGrants: grants,
            revokedKeys: keys
        )
    }

    @Test func `is held to its file, to the signer's namespaces and to the fleet of the policy`()
        throws
    {
        let key = try fingerprint(ops)
        let good = bulletin(grants: [GrantID(value: 7)], keys: [key])
        let id = GrantID(value: 7).description
        for (entry, kinds): ((String) throws -> AuditEntry, [LogFlaw.Kind]) in [
            ({ try record(good, under: $0) }, []),
            ({ try record(good, under: $0, revoking: ["grant:\(id)"]) }, []),
            ({ try record(good, under: $0, line: line("jitgate-lockout")) }, [.signature]),
            ({ try record(good, under: $0, line: line("jitgate-b*")) }, []),
            ({ try record(bulletin("test", keys: [key]), under: $0) }, [.policy]),
            (
                { try record(good, under: $0, revoking: ["key:\(fingerprint(other))"]) },
                [.evidence]
            ),
            (
                { try record(good, under: $0) { $0.fields[.issued] = ["2020-01-01T00:00:00Z"] } },
                [.evidence]
            ),
            (
                { try record(good, under: $0) { $0.fields[.fleet] = ["prod", "test"] } },
                [.evidence]
            ),
            ({ try record(good, under: $0) { $0.fields[.actor] = ["signer:ops"] } }, [.evidence]),
            ({ try record(good, under: $0) { $0.fields[.evidence] = [] } }, [.evidence]),
            ({ try record(good, under: $0) { $0.fields[.revocation] = ["00"] } }, [.evidence]),
        ] {
            var log = Log()
            log.load()
            #expect(try log.flaws(entry(log.policy)) == kinds)
        }
        var unconfigured = Log()
        unconfigured.load("mode = \"observe\"\n")
        #expect(try unconfigured.flaws(record(good, under: unconfigured.policy)) == [.policy])
    }

    private func accepted(_ number: Int, by keys: [SSHKey], under policy: String) throws
        -> AuditEntry
    {
        let grant = Grant(
            id: GrantID(value: UInt128(number)),
            hosts: [.name("web-1")],
            requestor: "dana",
            justification: "INC-1",
            sources: [try Prefix(parsing: "203.0.113.7/32")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: Log.start + .seconds(1800),
            duration: nil
        )
        let payload = grant.payload()
        let names = ["ops", "lead"]
        let lines = try zip(names, keys).map { "\($0) \(try $1.publicLine)" }
        let file = try payload + keys.flatMap { try $0.sign(payload) }
        let signers = Array(names.prefix(keys.count))
        let facts = GrantProvenance(
            grant: grant,
            digest: EvidenceFile.digest(of: file),
            signers: signers,
            parties: GrantParties(names: signers, keys: try keys.map(fingerprint)),
            file: "/g"
        )
        return .accepted(facts, AuditEntry.evidence(file, signedBy: lines, under: policy))
    }

    @Test func `leaves no grant by its keys after it, until root lifts them, nor one of its ids`()
        throws
    {
        var log = Log()
        log.load()
        let policy = log.policy
        let key = try fingerprint(ops)
        #expect(try log.flaws(accepted(1, by: [ops], under: policy)) == [])
        #expect(
            try log.flaws(record(bulletin(grants: [GrantID(value: 9)], keys: [key]), under: policy))
                == []
        )
        #expect(try log.flaws(accepted(2, by: [ops], under: policy)) == [.policy])
        // What somebody else signed, too, is enough without it.
        #expect(try log.flaws(accepted(3, by: [ops, other], under: policy)) == [])
        #expect(try log.flaws(accepted(9, by: [other], under: policy)) == [.unaccepted])
        let root = AuditEntry.RevocationSource(actors: ["uid:0"])
        let lifted = BulletinRecords.lifted([key], because: "x", against: nil, by: root)
        #expect(log.flaws(lifted) == [])
        #expect(try log.flaws(accepted(4, by: [ops], under: policy)) == [])
        let signer = AuditEntry.RevocationSource(actors: ["signer:eve"])
        let forged = BulletinRecords.lifted([key], because: "x", against: nil, by: signer)
        #expect(log.flaws(forged) == [.evidence])
    }

    @Test func `has ended only what it names, by the key that it names`() throws {
        let key = try fingerprint(ops)
        for (reason, revokes, isRight) in [
            (EndReason.keyRevoked, bulletin(keys: [key]), true),
            (.revoked, bulletin(grants: [GrantID(value: 1)]), true),
            (.keyRevoked, bulletin(grants: [GrantID(value: 1)]), false),
            (.keyRevoked, bulletin(keys: [try fingerprint(other)]), false),
        ] {
            var log = Log()
            log.load()
            let accepted = try accepted(1, by: [ops], under: log.policy)
            #expect(log.flaws(accepted) == [])
            let taken = try record(revokes, under: log.policy)
            #expect(log.flaws(taken) == [])
            var closed = AuditEntry(
                .grantClosed,
                "Closed",
                fields: accepted.withoutEvidence.fields
            )
            closed.fields[.policyDigest] = []
            closed.fields[.reason] = [reason.rawValue]
            closed.fields[.actor] = taken.fields[.actor]
            closed.fields[.comment] = taken.fields[.comment]
            closed.fields[.revocation] = taken.fields[.revocation]
            #expect(log.flaws(closed) == (isRight ? [] : [.evidence]), "\(reason)")
        }
    }
}
