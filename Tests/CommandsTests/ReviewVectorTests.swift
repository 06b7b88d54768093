import Admission
import Auditing
import CommandSupport
import Commands
import Grants
import Linux
import Signatures
import StrictJSON
import TestSupport
import Testing

/// A log in which a break-glass grant and another one opened, and what reviews of them say.
private struct ReviewScene {
    let audit: AuditBench
    private let policyDigest: String

    /// `edit` changes the records from number 6 on, as a host could that has the key.
    init(editing edit: (inout [AuditEntry]) -> Void = { _ in }) throws {
        audit = try AuditBench()
        let bench = audit.bench
        try bench.write(try GrantVector.reviewSigners, to: "allowed_signers")
        let tables = try GrantVector.reviewPolicy
        try bench.editPolicy { GrantVector.policy($0) + tables }
        let policy = GrantVector.policy("hostname = \"web-1\"\n[grants]\n") + tables
        policyDigest = EvidenceFile.digest(of: Array(policy.utf8))
        let loaded: [AuditField: [String]] = [
            .policyDigest: [policyDigest], .evidence: [policy], .rules: ["4"],
        ]
        let (emergency, emergencyFile) = try opening("emergency", alarm: ["1 duty-1"])
        let (ordinary, ordinaryFile) = try opening("ordinary", alarm: [])
        let end = Bench.now + .seconds(60)
        var entries: [AuditEntry] = [
            AuditEntry(.policyLoaded, "Policy loaded", fields: loaded),
            .accepted(emergency, emergencyFile), .breakGlassOpened(emergency, until: end),
            .opened(emergency, until: end), .accepted(ordinary, ordinaryFile),
            .opened(ordinary, until: end),
        ]
        edit(&entries)
        try audit.append(entries)
    }

    private static func verified(_ file: [UInt8]) throws -> SignedPayload {
        let signers = try AllowedSigners(parsing: Array(GrantVector.reviewSigners.utf8))
        return try SignatureVerifier(allowedSigners: signers).verify(file, at: Bench.now)
    }

    private func evidence(_ file: [UInt8]) throws -> [AuditField: [String]] {
        let lines = try GrantVector.reviewSigners.split(separator: "\n").map(String.init)
        return AuditEntry.evidence(file, signedBy: lines, under: policyDigest)
    }

    private func opening(
        _ name: String,
        alarm: [String]
    ) throws -> (GrantProvenance, [AuditField: [String]]) {
        let file = try GrantVector.reviewed(name)
        let signed = try Self.verified(file)
        let facts = GrantProvenance(
            grant: try Grant(parsing: signed.bytes),
            digest: signed.sha256,
            signers: signed.approvals.map(\.principal),
            approvers: alarm,
            breakGlass: alarm,
            parties: signed.parties,
            file: "/\(name)"
        )
        return (facts, try evidence(file))
    }

    /// The record of a review, whether the agent would make it or not.
    func entry(of vector: GrantVector) throws -> AuditEntry {
        let signed = try Self.verified(vector.bytes)
        return .reviewed(
            try Review(parsing: signed.bytes),
            by: signed.approvals.map(\.principal),
            inFile: "/\(vector)",
            of: signed.sha256,
            try evidence(vector.bytes)
        )
    }

    /// Records the review that has to be there before another one arrives.
    func prepare(for vector: GrantVector) throws {
        guard let name = vector.predecessor else { return }
        let earlier = try #require(GrantVector.reviews.first { $0.name == name })
        try audit.append([try entry(of: earlier)])
    }

    func check(_ vector: GrantVector) throws -> [JSONValue] {
        let path = audit.bench.path("\(vector).grant")
        try AtomicFile.replace(path, with: vector.bytes, mode: 0o600)
        let outcome = audit.bench.run("verify", path, "--json")
        let checks = try JSONNode.parse(Array(outcome.output.utf8)).value["checks"]?.items ?? []
        return checks.filter { $0["ok"] == false }
    }
}

/// The agent's tests of these files are in EndToEndTests.
@Suite struct `A review` {
    private static let scene = Result { try ReviewScene() }

    @Test func `is there in every kind`() {
        #expect(GrantVector.reviews.count > 100)
        let codes = Set(GrantVector.reviews.flatMap(\.refusals))
        #expect(codes.isSuperset(of: ["review", "host", "wrong-namespace", "unknown-field"]))
    }

    @Test(arguments: GrantVector.reviews)
    func `is judged by jitgate verify`(vector: GrantVector) throws {
        let scene = try vector.predecessor == nil ? Self.scene.get() : ReviewScene()
        try scene.prepare(for: vector)
        let failed = try scene.check(vector)
        #expect(failed.map { $0["code"]?.text } == vector.refusals, "\(failed)")
        if let field = vector.field, let first = failed.first {
            let texts = [first["field"]?.text, first["finding"]?.text].compactMap(\.self)
            #expect(texts.contains { $0 == field || $0.contains(": \(field): ") }, "\(texts)")
        }
    }

    /// The vectors that are well-formed and validly signed, so that a record can be about them.
    private static let judged = GrantVector.reviews.filter { vector in
        vector.refusals.allSatisfy { ["review", "host"].contains($0) } && vector.name != "once-more"
    }

    @Test(arguments: judged)
    func `is judged alike by jitgate audit verify`(vector: GrantVector) throws {
        let scene = try ReviewScene()
        try scene.prepare(for: vector)
        try scene.audit.append([try scene.entry(of: vector)])
        let number = vector.predecessor == nil ? 12 : 13
        let flaws = try scene.audit.flaws()
        #expect(flaws == (vector.refusals.isEmpty ? [] : ["policy \(number)"]), "\(flaws)")
    }

    @Test func `that is forged shows`() throws {
        let good = try #require(GrantVector.reviews.first { $0.name == "by-another" })
        let changes: [(AuditField, [String], String)] = [
            (.outcome, ["unjustified"], "evidence 12"), (.comment, ["x"], "evidence 12"),
            (.actor, ["signer:chief"], "evidence 12"), (.evidence, [], "evidence 12"),
            (.grant, [UUIDs.other], "evidence 12"), (.review, ["00"], "evidence 12"),
            (.allowedSigners, [], "signature 12"), (.outcome, ["a", "b"], "evidence 12"),
        ]
        for (field, values, flaw) in changes {
            let scene = try ReviewScene()
            var entry = try scene.entry(of: good)
            entry.fields[field] = values
            try scene.audit.append([entry])
            #expect(try scene.audit.flaws() == [flaw], "\(field)")
        }
    }
}

private enum UUIDs {
    static let other = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
}

/// Logs in which an alarm is missing or is not what policy allows.
@Suite struct `An alarm on record` {
    private func flaws(_ edit: (inout [AuditEntry]) -> Void) throws -> [String] {
        try ReviewScene(editing: edit).audit.flaws()
    }

    @Test func `is where it should be`() throws {
        #expect(try flaws { _ in }.isEmpty)
    }

    @Test func `is missed before an opening`() throws {
        #expect(try flaws { $0.remove(at: 2) } == ["unaccepted 8"])
    }

    @Test func `is missed in the acceptance and the opening`() throws {
        let found = try flaws { entries in
            entries.remove(at: 2)
            for index in entries.indices { entries[index].fields[.breakGlass] = nil }
        }
        #expect(found == ["evidence 7"])
    }

    @Test func `is by no other entry, and not for another grant`() throws {
        let other = ["2 duty-1"]
        let found = try flaws { entries in
            for index in 1...3 { entries[index].fields[.breakGlass] = other }
        }
        #expect(found == ["evidence 7"])
        #expect(
            try flaws { $0[2].fields[.breakGlass] = other } == ["unaccepted 8", "unaccepted 9"]
        )
        #expect(try flaws { $0[5].fields[.breakGlass] = ["1 bob"] } == ["evidence 11"])
        #expect(try flaws { $0[2].fields[.requestor] = ["eve"] } == ["evidence 8"])
    }

    @Test func `comes after the acceptance`() throws {
        #expect(try flaws { $0.swapAt(1, 2) }.first == "unaccepted 7")
    }
}
