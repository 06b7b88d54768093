import Auditing
import CommandSupport
import Commands
import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A log as somebody else writes it` {
    private static let bench = Result { try Bench() }
    private static let go = Result { try GoVerifier() }

    private static let logs = AuditVector.all.filter { !$0.isBundle }
    private static let bundles = AuditVector.all.filter(\.isBundle)

    /// The files of a vector, and command lines that speak of them.
    private struct Scene {
        let folder: TemporaryDirectory
        let vector: AuditVector

        init(_ vector: AuditVector) throws {
            self.vector = vector
            folder = try TemporaryDirectory()
            try vector.write(to: folder.path)
        }

        func path(_ name: String) -> String { "\(folder.path)/\(name)" }

        func run(_ words: [String]) throws -> Bench.Outcome {
            try `A log as somebody else writes it`.bench.get().run(words: words)
        }

        func verify(_ words: String...) throws -> Bench.Outcome {
            let options = vector.options.map { $0 == "kept" ? path("kept") : $0 }
            let places = ["--log", folder.path, "--state", folder.path]
            return try run(
                ["audit", "verify", "--key", AuditVector.key] + places + options + words
            )
        }

        func verifyProof(_ words: String...) throws -> Bench.Outcome {
            try run(["audit", "verify-proof", path("bundle"), "--key", AuditVector.key] + words)
        }
    }

    @Test func `is there in every kind`() {
        #expect(Self.logs.count > 120 && Self.bundles.count > 35)
        let found = Set(Self.logs.flatMap(\.expected).map { String($0.prefix { $0 != " " }) })
        #expect(found == Set(LogFlaw.Kind.allCases.map(\.rawValue) + ["verified"]))
    }

    @Test(arguments: logs)
    func `has the flaws that it has and no others`(vector: AuditVector) throws {
        let scene = try Scene(vector)
        let outcome = try scene.verify("--json")
        let json = try JSONNode.parse(Array(outcome.output.utf8)).value
        let flaws = try #require(json["flaws"]?.items)
        let isGood = vector.expected == ["verified"]
        #expect(json["verified"] == .bool(isGood))
        #expect(outcome.status == (isGood ? .done : .no))
        let found = flaws.map { flaw in
            [flaw["kind"]?.text, flaw["record"]?.number.map(String.init)].compactMap(\.self)
                .joined(separator: " ")
        }
        #expect(found == (isGood ? [] : vector.expected), "\(flaws)")
        if let text = vector.text {
            #expect(flaws.first?["text"]?.text?.contains(text) == true, "\(flaws)")
        }
    }

    @Test(arguments: logs)
    func `is said to people to be right, or what is wrong`(vector: AuditVector) throws {
        let outcome = try Scene(vector).verify()
        let lines = (outcome.output + outcome.errors).split(separator: "\n")
        #expect(lines.allSatisfy { !$0.unicodeScalars.contains(where: \.isUnsafeToShow) })
        let isGood = vector.expected == ["verified"]
        #expect(lines.contains { $0.hasPrefix("verified: ") } == isGood)
        #expect(lines.contains { $0.hasPrefix("key: ") } == isGood)
    }

    @Test(arguments: bundles)
    func `proves its records and nothing else`(vector: AuditVector) throws {
        let scene = try Scene(vector)
        let isGood = vector.expected == ["verified"]
        let json = try JSONNode.parse(Array(scene.verifyProof("--json").output.utf8)).value
        #expect(json["verified"] == .bool(isGood))
        let outcome = try scene.verifyProof()
        #expect(outcome.status == (isGood ? .done : .no))
        #expect(outcome.output.hasPrefix("verified: ") == isGood)
        if let text = vector.text {
            #expect((outcome.output + outcome.errors).contains(text), "\(outcome.errors)")
        }
    }

    @Test(arguments: AuditVector.all.filter { $0.witness != nil })
    func `is the same to Go, as far as Go knows it`(vector: AuditVector) throws {
        let statuses = vector.isBundle ? try proofStatuses(vector) : try logStatuses(vector)
        #expect(statuses.allSatisfy { $0 == 0 } == (vector.witness == "verified"))
    }

    private func logStatuses(_ vector: AuditVector) throws -> [Int32] {
        let checkpoints = ["checkpoint", "kept"].compactMap { vector.files[$0] }
        let files = vector.files.filter { $0.key.hasSuffix(".jsonl") }.sorted { $0.key < $1.key }
        return try checkpoints.map { checkpoint in
            try Self.go.get().run(["log", AuditVector.key], [checkpoint] + files.map(\.value))
                .status
        }
    }

    private func proofStatuses(_ vector: AuditVector) throws -> [Int32] {
        let bundle = try JSONNode.parse(Array(vector.files["bundle"] ?? Data())).value
        return try (bundle["records"]?.items ?? []).map { record in
            let files = ["proof", "line"].map { Data((record[$0]?.text ?? "").utf8) }
            return try Self.go.get().run(["record", AuditVector.key], files).status
        }
    }
}
