import Auditing
import CommandSupport
import Commands
import Foundation
import Grants
import Recording
import Signatures
import StrictJSON
import SystemPackage
import TestSupport
import Testing
import Transparency

/// A bench with a log as the agent writes it, about a grant that an approver signed.
struct AuditBench {
    let bench: Bench
    private let rotation: RotationRule

    init(rotatingAt size: Int64 = 1 << 40) throws {
        bench = try Bench()
        _ = try Command.run(["mkdir", "-m", "700", bench.path("state")])
        rotation = RotationRule(size: size, age: .seconds(1 << 40), retention: nil)
        try bench.signedGrant()
        try append([
            AuditEntry(
                .policyLoaded,
                "Policy loaded",
                fields: [
                    .policyDigest: [Self.policyDigest], .evidence: ["mode = \"enforce\"\n"],
                    .rules: ["4"],
                ]
            )
        ])
        try append(grantEntries())
        try append([AuditEntry(.attemptDenied, "Denied"), AuditEntry(.agentStopped, "Stops")])
    }

    private static let policyDigest = EvidenceFile.digest(of: Array("mode = \"enforce\"\n".utf8))

    func append(_ entries: [AuditEntry]) throws {
        var log = try open()
        for entry in entries {
            try log.append([bench.record(log.logState.nextSequence, entry)])
        }
    }

    /// The log as an agent holds it.
    func open() throws -> AuditLog {
        let origin = AuditKey.origin(hostname: "web-1", machineID: "3f0c")
        let places = LogPlaces(
            log: bench.path("audit"),
            state: bench.path("state"),
            origin: origin
        )
        return try AuditLog.opening(places, rotation: rotation)
    }

    /// The records of one more grant, which is signed now.
    func moreGrantEntries() throws -> [AuditEntry] {
        try remove("g.grant")
        try bench.signedGrant()
        return try grantEntries()
    }

    private func grantEntries() throws -> [AuditEntry] {
        let file = try bench.read("g.grant")
        let lines = try ["ops@example.com \(bench.approver.publicLine)"]
        let signers = try AllowedSigners(parsing: Array("\(lines[0])\n".utf8))
        let verifier = SignatureVerifier(allowedSigners: signers)
        let signed = try verifier.verify(file, at: Bench.now)
        let facts = GrantProvenance(
            grant: try Grant(parsing: signed.bytes),
            digest: FileDigest.sha256(of: file),
            signers: ["ops@example.com"],
            parties: signed.parties,
            file: "/drop/g.grant"
        )
        let evidence = AuditEntry.evidence(file, signedBy: lines, under: Self.policyDigest)
        return [
            .accepted(facts, evidence), .opened(facts, until: Bench.now + .seconds(60)),
            .closed(facts, because: .expired),
        ]
    }

    @discardableResult
    func verify(_ options: String..., patience: Duration = .zero) -> Bench.Outcome {
        bench.run(
            words: ["audit", "verify", "--log", "@audit", "--state", "@state"] + options,
            in: Bench.World(patience: patience)
        )
    }

    /// The kinds of flaw that are found, with the record each is about.
    func flaws(_ options: String..., patience: Duration = .zero) throws -> [String] {
        let outcome = bench.run(
            words: ["audit", "verify", "--json", "--log", "@audit", "--state", "@state"] + options,
            in: Bench.World(patience: patience)
        )
        let json = try JSONNode.parse(Array(outcome.output.utf8)).value
        #expect((outcome.status == .done) == (json["verified"] == .bool(true)))
        return (json["flaws"]?.items ?? []).map {
            "\($0["kind"]?.text ?? "") \($0["record"]?.number ?? -1)"
        }
    }

    var key: String {
        bench.run("audit", "key", "--log", "@audit").output.trimmingCharacters(in: .newlines)
    }

    func lines() throws -> [String] {
        String(decoding: try bench.read("audit/audit.jsonl"), as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }

    func write(_ lines: [String]) throws {
        try bench.write(lines.map { $0 + "\n" }.joined(), to: "audit/audit.jsonl")
    }

    /// The number of complete segments.
    func segments() throws -> Int {
        try LogDirectory(bench.path("audit")).segments().count
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: bench.path(name))
    }
}
