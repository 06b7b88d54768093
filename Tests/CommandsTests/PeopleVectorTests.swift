import CommandSupport
import Commands
import Linux
import StrictJSON
import TestSupport
import Testing

/// Signers who are one person or several, as each program that judges a grant has to see it; the
/// agent's tests are in EndToEndTests.
@Suite struct `A grant by one person or several` {
    private static let bench = Result {
        let bench = try Bench()
        try bench.write(try GrantVector.peopleSigners, to: "allowed_signers")
        let ports = try GrantVector.peoplePolicy
        try bench.editPolicy { GrantVector.policy($0) + ports }
        return bench
    }

    @Test func `is there in every kind`() {
        #expect(GrantVector.people.count > 45)
        #expect(GrantVector.people.count { $0.refusals.isEmpty } > 12)
    }

    @Test(arguments: GrantVector.people)
    func `is judged by jitgate verify`(vector: GrantVector) throws {
        let bench = try Self.bench.get()
        let path = bench.path("\(vector).grant")
        try AtomicFile.replace(path, with: vector.bytes, mode: 0o600)
        let outcome = bench.run("verify", path, "--json")
        let checks = try JSONNode.parse(Array(outcome.output.utf8)).value["checks"]?.items ?? []
        let failed = checks.filter { $0["ok"] == false }
        #expect(failed.map { $0["code"]?.text } == vector.refusals, "\(failed)")
    }

    @Test(arguments: GrantVector.people)
    func `is judged alike by jitgate audit verify`(vector: GrantVector) throws {
        let flaws = try AuditBench.log(
            of: vector,
            GrantVector.peoplePolicy,
            GrantVector.peopleSigners
        ).flaws()
        switch vector.refusals.first {
        case nil: #expect(flaws.isEmpty)
        case "approvals": #expect(flaws == ["policy 7"])
        default: #expect(flaws == ["signature 7"])
        }
    }
}
