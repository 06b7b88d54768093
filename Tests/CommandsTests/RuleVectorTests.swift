import CommandSupport
import Commands
import Linux
import StrictJSON
import TestSupport
import Testing

/// Tickets, labels and approvers, as each program that judges a grant has to see them; the agent's
/// tests are in EndToEndTests.
@Suite struct `A grant under narrower rules` {
    private static let bench = Result {
        let bench = try Bench()
        try bench.write(try GrantVector.rulesSigners, to: "allowed_signers")
        let tables = try GrantVector.rulesPolicy
        try bench.editPolicy { GrantVector.policy($0) + tables }
        return bench
    }

    @Test func `is there in every kind`() {
        #expect(GrantVector.rules.count > 80)
        #expect(GrantVector.rules.count { $0.refusals.isEmpty } > 12)
    }

    @Test(arguments: GrantVector.rules)
    func `is judged by jitgate verify`(vector: GrantVector) throws {
        let bench = try Self.bench.get()
        let path = bench.path("\(vector).grant")
        try AtomicFile.replace(path, with: vector.bytes, mode: 0o600)
        let outcome = bench.run("verify", path, "--json")
        let checks = try JSONNode.parse(Array(outcome.output.utf8)).value["checks"]?.items ?? []
        let failed = checks.filter { $0["ok"] == false }
        #expect(failed.map { $0["code"]?.text } == vector.refusals, "\(failed)")
        if let field = vector.field, let first = failed.first {
            let texts = [first["field"]?.text, first["finding"]?.text].compactMap(\.self)
            #expect(texts.contains { $0 == field || $0.contains(": \(field): ") }, "\(texts)")
        }
    }

    /// The vectors whose payload is well-formed, so that a record can be about them.
    private static let judged = GrantVector.rules.filter { vector in
        vector.refusals.allSatisfy { ["approvals", "host", "ticket"].contains($0) }
    }

    @Test(arguments: judged)
    func `is judged alike by jitgate audit verify`(vector: GrantVector) throws {
        let log = try AuditBench.log(
            of: vector,
            GrantVector.rulesPolicy,
            GrantVector.rulesSigners
        )
        #expect(try log.flaws() == (vector.refusals.isEmpty ? [] : ["policy 7"]))
    }
}
