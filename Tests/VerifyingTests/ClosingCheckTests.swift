import Auditing
import Grants
import TestSupport
import Testing

@testable import Verifying

private let origin = "https://approve.example.com"
private let id = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"

/// A log whose records are checked one after the other.
private struct Log {
    private var check: EvidenceCheck
    private var sequence: UInt64 = 0
    private(set) var policy = ""

    init(isWhole: Bool = true) { check = EvidenceCheck(isWhole: isWhole) }

    /// The kinds of flaws of the next record.
    mutating func flaws(_ entry: AuditEntry) -> [LogFlaw] {
        let moment = Moment(microseconds: 1_800_000_000_000_000 + Int64(sequence) * 1_000_000)
        let stamp = RecordStamp(
            realtime: moment,
            boot: Int64(sequence) * 1_000_000,
            bootID: String(repeating: "a", count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        )
        defer { sequence += 1 }
        return check.flaws(of: Record(sequence: sequence, stamp: stamp, entry: entry))
    }

    mutating func load(_ text: String = "[webauthn]\norigins = [\"\(origin)\"]\n") {
        policy = EvidenceFile.digest(of: Array(text.utf8))
        let fields: [AuditField: [String]] = [
            .policyDigest: [policy], .evidence: [text], .rules: ["4"], .mode: ["observe"],
        ]
        #expect(flaws(AuditEntry(.policyLoaded, "Policy loaded", fields: fields)).isEmpty)
    }
}

/// A file that closes, ends a bar or reviews, and the record of it.
private enum Closing: String, CaseIterable {
    case lockout, ids, unbar, review

    var namespace: String {
        switch self {
        case .lockout, .unbar: "jitgate-lockout"
        case .ids: "jitgate-revocation"
        case .review: "jitgate-review"
        }
    }

    func payload(host: String = "web-1") -> String {
        let rest = #""hosts":["\#(host)"],"reason":"lost"}"# + "\n"
        return switch self {
        case .lockout: #"{"jitgate":"revocation/1","requestors":["dana"],"# + rest
        case .ids: #"{"jitgate":"revocation/1","ids":["\#(id)"],"# + rest
        case .unbar: #"{"jitgate":"unbar/1","ids":["\#(id)"],"# + rest
        case .review: #"{"jitgate":"review/1","grant":"\#(id)","outcome":"justified","# + rest
        }
    }

    func sign(by passkey: SoftwarePasskey, at page: String = origin, flags: UInt8 = 5) -> String {
        passkey.sign(Array(payload().utf8), in: namespace, at: page, flags: flags)
    }

    func record(
        _ signatures: [String],
        by signers: [String],
        _ lines: [String],
        certified certificates: [String] = [],
        under policy: String,
        host: String = "web-1"
    ) throws -> AuditEntry {
        let file = Array((payload(host: host) + signatures.joined()).utf8)
        let digest = EvidenceFile.digest(of: file)
        var evidence = AuditEntry.evidence(
            file,
            signedBy: lines,
            certified: certificates,
            under: policy
        )
        if policy.isEmpty { evidence[.policyDigest] = [] }
        let source = AuditEntry.RevocationSource(
            actors: signers.map { "signer:" + $0 },
            digest: digest,
            file: "/run/r.grant",
            evidence: evidence
        )
        let grant = try GrantID(parsing: id)
        switch self {
        case .lockout:
            let selection = try #require(RevocationSelection(recorded: ["requestor:dana"]))
            return .revoked(selection, id: nil, until: nil, because: "lost", by: source)
        case .unbar: return .barsLifted([grant], because: "lost", by: source)
        case .ids:
            var entry = AuditEntry(.grantClosed, "Closed", fields: evidence)
            let fields: [AuditField: [String]] = [
                .grant: [id], .reason: ["revoked"], .comment: ["lost"], .revocation: [digest],
                .actor: signers.map { "signer:" + $0 }, .certificates: [],
            ]
            entry.fields.merge(fields) { $1 }
            return entry
        case .review:
            let review = try Review(parsing: Array(payload().utf8))
            return .reviewed(review, by: signers, inFile: "/run/r.grant", of: digest, evidence)
        }
    }
}

@Suite struct `A record of a file that closes` {
    private static func line(_ passkey: SoftwarePasskey, _ name: String = "dana") -> String {
        let spaces = "jitgate-revocation,jitgate-lockout,jitgate-review"
        return passkey.line(name, "namespaces=\"\(spaces)\"")
    }

    /// A review needs a grant of earlier records, unless those were pruned.
    private func log(for closing: Closing) -> Log { Log(isWhole: closing != .review) }

    @Test(arguments: Closing.allCases)
    fileprivate func `holds passkeys to the pages and kinds of the policy of its time`(
        closing: Closing
    ) throws {
        let passkey = SoftwarePasskey("approve.example.com")
        let lines = [Self.line(passkey)]
        for (page, flags, synced, isRight) in [
            (origin, 5, "false", true), ("https://evil.example", 5, "false", false),
            (origin + "/", 5, "false", false), (origin, 0x0D, "false", false),
            (origin, 0x1D, "false", false), (origin, 0x1D, "true", true),
        ] as [(String, UInt8, String, Bool)] {
            var log = log(for: closing)
            log.load("[webauthn]\norigins = [\"\(origin)\"]\nsynced = \(synced)\n")
            let signature = closing.sign(by: passkey, at: page, flags: flags)
            let entry = try closing.record([signature], by: ["dana"], lines, under: log.policy)
            let flaws = log.flaws(entry)
            #expect(flaws.map(\.kind) == (isRight ? [] : [.policy]), "\(page) \(flags) \(flaws)")
        }
    }

    @Test(arguments: Closing.allCases)
    fileprivate func `may have a passkey that does not count beside one that does`(
        closing: Closing
    ) throws {
        let (good, bad) = (SoftwarePasskey("a.example"), SoftwarePasskey("b.example"))
        var log = log(for: closing)
        log.load()
        let signatures = [
            closing.sign(by: bad, at: "https://evil.example"), closing.sign(by: good),
        ]
        let lines = [Self.line(bad, "eve"), Self.line(good)]
        let names = ["eve", "dana"]
        #expect(
            try log.flaws(closing.record(signatures, by: names, lines, under: log.policy)) == []
        )
    }

    @Test(arguments: [Closing.lockout, .ids, .unbar])
    fileprivate func `goes by the policy that it names, and else by the one in force`(
        closing: Closing
    ) throws {
        let passkey = SoftwarePasskey("approve.example.com")
        let lines = [Self.line(passkey)]
        var log = Log()
        log.load()
        let earlier = log.policy
        log.load("mode = \"observe\"\n")
        let file = [closing.sign(by: passkey)]
        let late = try closing.record(file, by: ["dana"], lines, under: earlier)
        #expect(log.flaws(late) == [])
        for (policy, kind) in [
            (log.policy, LogFlaw.Kind.policy), ("", .policy),
            (String(repeating: "ab", count: 32), .unaccepted),
        ] {
            let entry = try closing.record(file, by: ["dana"], lines, under: policy)
            #expect(log.flaws(entry).map(\.kind) == [kind], "\(policy)")
        }
        // Of a log whose beginning was pruned, the policy may be one of those that are gone.
        var pruned = Log(isWhole: false)
        #expect(try pruned.flaws(closing.record(file, by: ["dana"], lines, under: earlier)) == [])
        #expect(try pruned.flaws(closing.record(file, by: ["dana"], lines, under: "")) == [])
    }

    @Test(arguments: [Closing.unbar, .review])
    fileprivate func `is for its host`(closing: Closing) throws {
        let key = try SSHKey()
        let line = "dana namespaces=\"jitgate-*\" \(try key.publicLine)"
        for (host, isRight) in [("web-1", true), ("web-*", true), ("web-2", false)] {
            var log = log(for: closing)
            log.load()
            let payload = Array(closing.payload(host: host).utf8)
            let signature = try key.sign(payload, namespace: closing.namespace)
            let text = String(decoding: signature, as: UTF8.self)
            let entry = try closing.record(
                [text],
                by: ["dana"],
                [line],
                under: log.policy,
                host: host
            )
            #expect(log.flaws(entry).map(\.kind) == (isRight ? [] : [.policy]), "\(host)")
        }
    }

    @Test(arguments: [Closing.lockout, .unbar, .review])
    fileprivate func `names the certificates of its signatures`(closing: Closing) throws {
        let made = try CertifiedSSHKey(options: ["-I", "dana-7", "-n", "dana", "-z", "4711"])
        let options = "cert-authority,namespaces=\"jitgate-*\""
        let line = try made.line("dana", options)
        let payload = Array(closing.payload().utf8)
        let certified = try made.sign(payload, namespace: closing.namespace)
        let authority = try Command.run(["ssh-keygen", "-l", "-f", made.authority.privateFile]).text
            .split(separator: " ")[1]
        let right = "dana: serial 4711, key id \"dana-7\", CA \(authority)"
        for (certificates, isRight) in [
            ([right], true), ([], false), ([right, right], false),
            ([right.replacing("4711", with: "4712")], false),
            ([right.replacing("dana-7", with: "erin")], false),
        ] {
            var log = log(for: closing)
            log.load()
            let file = [String(decoding: certified, as: UTF8.self)]
            let entry = try closing.record(
                file,
                by: ["dana"],
                [line],
                certified: certificates,
                under: log.policy
            )
            let flaws = log.flaws(entry)
            #expect(flaws.map(\.kind) == (isRight ? [] : [.evidence]), "\(certificates) \(flaws)")
        }
        let plain = try made.key.sign(payload, namespace: closing.namespace)
        let own = "dana namespaces=\"jitgate-*\" \(try made.key.publicLine)"
        for (certificates, isRight) in [([], true), ([right], false)] {
            var log = log(for: closing)
            log.load()
            let file = [String(decoding: plain, as: UTF8.self)]
            let entry = try closing.record(
                file,
                by: ["dana"],
                [own],
                certified: certificates,
                under: log.policy
            )
            #expect(log.flaws(entry).map(\.kind) == (isRight ? [] : [.evidence]))
        }
    }

    @Test func `of bars that end is by as many people as the strictest port asks for`() throws {
        let (dana, erin) = (SoftwarePasskey("a.example"), SoftwarePasskey("b.example"))
        let names = [Self.line(dana), Self.line(erin, "erin"), Self.line(erin, "DANA")]
        let files = [Closing.unbar.sign(by: dana), Closing.unbar.sign(by: erin)]
        for (signatures, signers, lines, isRight) in [
            (files, ["dana", "erin"], [names[0], names[1]], true),
            ([files[0]], ["dana"], [names[0]], false),
            ([files[0], files[0]], ["dana", "dana"], [names[0]], false),
            (files, ["dana", "DANA"], [names[0], names[2]], false),
        ] {
            var log = Log()
            log.load(
                """
                [webauthn]
                origins = ["\(origin)"]
                [[port]]
                number = 22
                protocol = "tcp"
                [[port]]
                number = 3389
                protocol = "tcp"
                approvals = 2
                """
            )
            let entry = try Closing.unbar.record(
                signatures,
                by: signers,
                lines,
                under: log.policy
            )
            #expect(log.flaws(entry).map(\.kind) == (isRight ? [] : [.policy]), "\(signers)")
        }
    }
}
