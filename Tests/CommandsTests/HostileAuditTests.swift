import Auditing
import CommandSupport
import Commands
import Foundation
import StrictJSON
import TestSupport
import Testing
import Transparency

/// Bytes that somebody changed at random, from a seed.
private struct Mutation {
    private static let texts = [
        "0", "-1", "99999999999999999999", "\n", "\n\n", "\"", "{", "[", "\\u0000", "\u{2014} ",
        " ",
    ].map { Array($0.utf8) }

    var random: SeededGenerator

    init(seed: Int) {
        random = SeededGenerator(seed: UInt64(seed))
    }

    mutating func change(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty { step(&bytes) }
        return bytes
    }

    private mutating func step(_ bytes: inout [UInt8]) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 1...64, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.removeLast(bytes.count - place)
        case 5:
            let text = Self.texts.randomElement(using: &random) ?? []
            bytes.insert(contentsOf: text, at: place)
        case 6:
            let other = Int.random(in: 0..<bytes.count, using: &random)
            bytes.swapAt(place, other)
        default:
            let other = Int.random(in: 0..<bytes.count, using: &random)
            bytes.insert(contentsOf: Array(bytes[place..<end]), at: other)
        }
    }
}

@Suite struct `Files of a forger` {
    /// Ten thousand steps over all of these tests.
    private static let seeds = 0..<8

    private static let readers = [
        ["audit", "report", "--from=today", "-o", "@r"], ["audit", "prove", "3", "-o", "@p"],
        ["audit", "show", "--csv"], ["audit", "show", "--export", "--source", "203.0.113.0/24"],
    ]

    private func replace(_ path: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test(arguments: seeds)
    func `make no bundle that proves anything else`(seed: Int) throws {
        let audit = try AuditBench()
        let key = audit.key
        _ = audit.bench.run("audit", "prove", "\(seed % 6)", "--log", "@audit", "-o", "@p")
        let bundle = try audit.bench.read("p")
        let words = ["audit", "verify-proof", "@p", "--key", key, "--json"]
        let honest = audit.bench.run(words: words).output
        #expect(honest.contains("\"verified\": true"))
        var mutation = Mutation(seed: seed)
        for round in 0..<300 {
            try replace(audit.bench.path("p"), mutation.change(bundle))
            let outcome = audit.bench.run(words: words)
            #expect(outcome.status == .no || outcome.output == honest, "round \(round)")
        }
    }

    @Test(arguments: seeds)
    func `make no log that is verified and says something else`(seed: Int) throws {
        let audit = try AuditBench(rotatingAt: seed % 2 == 0 ? 1 << 40 : 1)
        let words = [
            "audit", "verify", "--log", "@audit", "--state", "@state", "--key", audit.key, "--json",
        ]
        let honest = audit.bench.run(words: words).output
        #expect(honest.contains("\"verified\": true"))
        var files: [(path: String, bytes: [UInt8])] = []
        for folder in ["audit", "state/evidence"] {
            for name in try audit.bench.names(in: folder).sorted() {
                files.append(
                    (
                        audit.bench.path("\(folder)/\(name)"),
                        try audit.bench.read("\(folder)/\(name)")
                    )
                )
            }
        }
        let shown = audit.bench.run("audit", "show", "--json").output
        var mutation = Mutation(seed: seed)
        for round in 0..<60 {
            let (path, bytes) = files[Int.random(in: 0..<files.count, using: &mutation.random)]
            try replace(path, mutation.change(bytes))
            let outcome = audit.bench.run(words: words)
            // What is verified is what was signed, and reads as it did.
            if outcome.status == .done {
                #expect(outcome.output == honest, "round \(round), \(path)")
                #expect(audit.bench.run("audit", "show", "--json").output == shown)
            } else {
                #expect(outcome.status == .no, "round \(round), \(path)")
            }
            // These have only to end.
            for words in Self.readers {
                let status = audit.bench.run(words: words + ["--log", "@audit"]).status
                #expect([.done, .no, .noInput].contains(status), "round \(round), \(path)")
            }
            try replace(path, bytes)
        }
        #expect(audit.bench.run(words: words).output == honest)
    }

    @Test func `are no log by their names, by a line without end or by a pipe`() throws {
        let audit = try AuditBench(rotatingAt: 1)
        let first = audit.bench.path("audit/audit-00000000000000000000.jsonl")
        func statuses() -> [CommandSupport.ExitStatus] {
            [
                ["verify", "--pruned"], ["verify"], ["prove", "1", "--pruned", "-o", "@p"],
                ["report", "--from=today", "--pruned", "-o", "@r"], ["show"],
            ].map { audit.bench.run(words: ["audit"] + $0 + ["--log", "@audit"]).status }
        }
        for name in ["18446744073709551615", "00140737488289793", "00000000000000000007"] {
            let forged = audit.bench.path(
                "audit/audit-\(String(repeating: "0", count: 20 - name.count))\(name).jsonl"
            )
            try FileManager.default.moveItem(atPath: first, toPath: forged)
            #expect(statuses()[..<2] == [.no, .no], "\(name)")
            try FileManager.default.moveItem(atPath: forged, toPath: first)
        }
        let current = audit.bench.path("audit/audit.jsonl")
        // Zeros, and on the disk nothing.
        unsafe #expect(truncate(current, 1 << 32) == 0)
        #expect(statuses() == [.no, .no, .done, .no, .no])
        #expect(audit.verify().errors.contains("no record is as long as the line from byte "))
        try FileManager.default.removeItem(atPath: current)
        unsafe #expect(mkfifo(current, 0o600) == 0)
        #expect(statuses() == [.inputOutput, .inputOutput, .done, .inputOutput, .inputOutput])
    }

    @Test func `reach no terminal by the name of a key`() throws {
        let audit = try AuditBench()
        let key = try AuditKey(name: "jitgate/\u{9B}2J\u{202E}/x", seed: Array(0..<32))
        var tree = MerkleTree()
        for line in try audit.lines() { tree.append(.leaf(Array(line.utf8))) }
        try audit.bench.write(try key.checkpoint(over: tree), to: "audit/checkpoint")
        try audit.bench.write("\(key.publicKey)\n", to: "audit/audit.pub")
        _ = audit.bench.run("audit", "prove", "1", "--log", "@audit", "-o", "@p")
        let outcomes = [
            audit.verify(), audit.bench.run("audit", "key", "--log", "@audit"),
            audit.bench.run("audit", "verify-proof", "@p", "--key", "\(key.publicKey)"),
        ]
        for outcome in outcomes {
            #expect(outcome.status == .done && outcome.output.contains("jitgate/\\u{9b}2J"))
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.allSatisfy { !$0.unicodeScalars.contains(where: \.isUnsafeToShow) })
        }
    }

    @Test(arguments: ["audit.leaves", "checkpoint", "audit.pub"])
    func `keep nobody waiting as pipes`(name: String) throws {
        let audit = try AuditBench()
        let path = audit.bench.path("audit/\(name)")
        try FileManager.default.removeItem(atPath: path)
        unsafe #expect(mkfifo(path, 0o600) == 0)
        #expect(audit.verify().status == .no)
        let proof = audit.bench.run("audit", "prove", "1", "--log", "@audit")
        #expect(proof.status == (name == "audit.leaves" ? .done : .no))
    }

    @Test func `keep nobody waiting as evidence, and take no memory as leaves`() throws {
        let audit = try AuditBench()
        let folder = "state/evidence"
        for name in try audit.bench.names(in: folder) {
            let path = audit.bench.path("\(folder)/\(name)")
            try FileManager.default.removeItem(atPath: path)
            unsafe #expect(mkfifo(path, 0o600) == 0)
        }
        // Zeros behind the leaves that are signed, and on the disk nothing.
        unsafe #expect(truncate(audit.bench.path("audit/audit.leaves"), 1 << 36) == 0)
        let flaws = try audit.flaws()
        #expect(flaws == ["evidence 0", "evidence 1", "evidence 1"])
    }

    @Test(arguments: seeds)
    func `are no checkpoint, proof or key of ours`(seed: Int) throws {
        let key = try AuditKey(name: "jitgate/a/b", seed: Array(0..<32))
        let leaves = MerkleLeaves((0..<11).map { .leaf(Array("record \($0)".utf8)) })
        let signed = Checkpoint(origin: key.name, size: 11, root: leaves.root(of: 11))
        let note = try key.sign(signed.text)
        let hashes = leaves.inclusionProof(of: 4, in: 11)
        let proof = InclusionProof(index: 4, hashes: hashes, note: note)
        var mutation = Mutation(seed: seed)
        for round in 0..<1000 {
            let forged = mutation.change(Array(note.utf8))
            if let found = try? Checkpoint(parsing: forged, signedBy: key.publicKey) {
                #expect(found == signed, "round \(round)")
            }
            let text = String(decoding: mutation.change(Array(proof.text.utf8)), as: UTF8.self)
            if let found = try? InclusionProof(parsing: text) {
                let line = Array("record 4".utf8)
                let size = try? found.verify(line, by: key.publicKey).size
                #expect(size == nil || (size == 11 && found.index == 4), "round \(round)")
                #expect(throws: ProofError.self) {
                    try found.verify(Array("record 5".utf8), by: key.publicKey)
                }
            }
            let other = String(
                decoding: mutation.change(Array("\(key.publicKey)".utf8)),
                as: UTF8.self
            )
            if let found = try? VerifierKey(parsing: other) { #expect(found == key.publicKey) }
            _ = try? Record(parsing: mutation.change(Array(note.utf8)))
        }
    }
}
