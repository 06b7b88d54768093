import Auditing
import Crypto
import Foundation
import Grants
import Signatures
import SignedGrants

/// The events of a host on the Internet: grants arrive, are used twice and end; between them
/// strangers try four times; the agent restarts.
struct Story {
    static let machineID = String(repeating: "b", count: 32)
    /// The number of grants written at once.
    private static let chapter = 200
    private static let people = 8

    private let keys = (0..<people).map { _ in Curve25519.Signing.PrivateKey() }
    /// The microseconds from one record to the next.
    private let step: Int64
    private let start: Moment
    private let policy: [UInt8] = Array(
        "mode = \"enforce\"\nhostname = \"web-1\"\n[defaults]\nmax_duration = \"24h\"\n".utf8
    )
    private var grants = 0

    /// Begins so that the log ends a month ago: an agent that continues it must not be before its
    /// end.
    init(records: UInt64) throws {
        let now = Int64(Date().timeIntervalSince1970)
        step = 700 * 86_400 * 1_000_000 / Int64(max(1, records))
        start = Moment(microseconds: (now - 730 * 86_400) * 1_000_000)
    }

    /// The records of the next grants, numbered from `sequence` on.
    mutating func next(from sequence: UInt64) throws -> [Record] {
        var entries = sequence == 0 || grants % 10_000 == 0 ? beginning : []
        for _ in 0..<Self.chapter {
            grants += 1
            let at = moment(sequence + UInt64(entries.count))
            entries += try lifetime(at: at)
            entries += [AuditEntry](repeating: denial, count: 4)
            if grants % 50 == 0 { entries.append(refusal) }
        }
        return entries.enumerated().map { record(sequence + UInt64($0), $1) }
    }

    private func moment(_ sequence: UInt64) -> Moment {
        start + .microseconds(step * Int64(sequence))
    }

    private func record(_ sequence: UInt64, _ entry: AuditEntry) -> Record {
        let stamp = RecordStamp(
            realtime: moment(sequence),
            boot: step * Int64(sequence),
            bootID: String(repeating: "a", count: 32),
            machineID: Self.machineID,
            hostname: "web-1"
        )
        return Record(sequence: sequence, stamp: stamp, entry: entry)
    }

    /// The records of an agent's start.
    private var beginning: [AuditEntry] {
        let fields: [AuditField: [String]] = [
            .mode: ["enforce"], .policyDigest: [EvidenceFile.digest(of: policy)],
            .evidence: [String(decoding: policy, as: UTF8.self)],
            .file: ["/etc/jitgate/jitgate.toml"], .rules: ["2"],
        ]
        return [
            AuditEntry(.policyLoaded, "Loaded the policy: enforce", fields: fields),
            AuditEntry(.agentStarted, "The agent runs"),
        ]
    }

    /// The records of one grant from its acceptance to its end; each tenth has two approvers.
    private func lifetime(at now: Moment) throws -> [AuditEntry] {
        // The times in a grant are whole seconds.
        let second = Moment(microseconds: now.microseconds / 1_000_000 * 1_000_000)
        let expires = second + .seconds(4 * 3600)
        let source = "203.0.\(grants / 250 % 250).\(grants % 250 + 1)/32"
        let end = Date(timeIntervalSince1970: Double(expires.microseconds / 1_000_000))
        let signers = (0..<(grants % 10 == 0 ? 2 : 1)).map { (grants + $0) % Self.people }
        let signed =
            signers.count == 2
            ? try SignedGrant(source: source, expires: end, by: keys[signers[0]], keys[signers[1]])
            : try SignedGrant(source: source, expires: end, by: keys[signers[0]])
        let lines = signers.map(line)
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: lines.joined().utf8.map(\.self))
        )
        let payload = try verifier.verify(signed.file, at: now)
        let facts = GrantProvenance(
            grant: try Grant(parsing: payload.bytes),
            digest: payload.sha256,
            signers: payload.approvals.map(\.principal),
            file: "/etc/jitgate/grants.d/\(signed.id).grant"
        )
        return entries(of: facts, signed.file, payload.signerLines, until: expires)
    }

    private func entries(
        of facts: GrantProvenance,
        _ file: [UInt8],
        _ lines: [String],
        until deadline: Moment
    ) -> [AuditEntry] {
        let digest = EvidenceFile.digest(of: policy)
        let evidence = AuditEntry.evidence(file, signedBy: lines, under: digest)
        let peer = "\(facts.grant.sources[0].description.dropLast(3)):50432"
        var used = AuditEntry(
            .grantUsed,
            "\(peer) came in at 22/tcp by the grant of \(facts.grant.requestor)",
            fields: facts.fields.filter { [.grant, .digest, .requestor].contains($0.key) }
        )
        used.fields[.ports] = ["22/tcp"]
        used.fields[.peer] = [peer]
        let carried: [AuditField: [String]] = [
            .packets: ["132"], .bytes: ["20480"], .connections: ["1"],
        ]
        return [
            .accepted(facts, evidence), .opened(facts, until: deadline), used, used,
            .closed(facts, because: .expired, carried: carried),
        ]
    }

    private func line(_ person: Int) -> String {
        "person\(person) namespaces=\"jitgate-grant\" "
            + SignedGrant.publicLine(keys[person].publicKey) + "\n"
    }

    private var denial: AuditEntry {
        let peer = "198.51.100.\(grants % 250 + 1):40000"
        return AuditEntry(
            .attemptDenied,
            "\(peer) was denied at 22/tcp",
            fields: [.ports: ["22/tcp"], .peer: [peer]]
        )
    }

    private var refusal: AuditEntry {
        let path = "/etc/jitgate/grants.d/\(grants).grant"
        let reason = "stranger: the key is not in allowed_signers"
        return AuditEntry(
            .grantRefused,
            "Refused \(path): \(reason)",
            fields: [.file: [path], .reason: [reason]]
        )
    }
}
