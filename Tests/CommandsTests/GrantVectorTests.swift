import Auditing
import CommandSupport
import Commands
import Grants
import Linux
import Signatures
import StrictJSON
import TestSupport
import Testing

@Suite struct `A grant file` {
    /// A host on which every vector that another one follows is live.
    private static let bench = Result {
        let bench = try Bench()
        try bench.write(try GrantVector.allowedSigners, to: "allowed_signers")
        try bench.editPolicy(GrantVector.policy)
        let names = Set(GrantVector.all.compactMap(\.predecessor))
        let live = GrantVector.all.filter { names.contains($0.name) }
        try bench.writeLog(try live.map { .accepted(try facts(of: $0)) })
        return bench
    }

    private static func facts(of vector: GrantVector) throws -> GrantProvenance {
        GrantProvenance(
            grant: try Grant(parsing: SignedFile(splitting: vector.bytes).payload),
            digest: FileDigest.sha256(of: vector.bytes),
            signers: ["dana"],
            file: "/\(vector)"
        )
    }

    @Test func `is there in every kind`() {
        #expect(GrantVector.all.count > 250)
        #expect(GrantVector.all.count { $0.refusals.isEmpty } > 20)
    }

    @Test(arguments: GrantVector.all)
    func `is judged for what is wrong with it and for nothing else`(vector: GrantVector) throws {
        let bench = try Self.bench.get()
        let path = bench.path("\(vector).grant")
        try AtomicFile.replace(path, with: vector.bytes, mode: 0o600)
        let outcome = bench.run("verify", path, "--json")
        #expect(outcome.status == (vector.refusals.isEmpty ? .done : .no))
        let checks = try JSONNode.parse(Array(outcome.output.utf8)).value["checks"]?.items ?? []
        let failed = checks.filter { $0["ok"] == false }
        #expect(failed.map { $0["code"]?.text } == vector.refusals, "\(failed)")
        if let field = vector.field, let first = failed.first {
            let texts = [first["field"]?.text, first["finding"]?.text].compactMap(\.self)
            #expect(texts.contains { $0 == field || $0.contains(": \(field): ") }, "\(texts)")
        }
    }

    @Test(arguments: GrantVector.all)
    func `puts nothing on a terminal that the terminal acts on`(vector: GrantVector) throws {
        let bench = try Self.bench.get()
        let outcome = bench.run(
            words: ["verify", "-"],
            in: Bench.World(isTerminal: false, input: vector.bytes)
        )
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.allSatisfy { !$0.unicodeScalars.contains(where: \.isUnsafeToShow) })
        #expect(lines.count { $0.hasPrefix("NO  ") } == vector.refusals.count)
        #expect(outcome.errors.isEmpty)
    }
}
