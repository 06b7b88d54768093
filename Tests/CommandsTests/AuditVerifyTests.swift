import Auditing
import CommandSupport
import Commands
import Foundation
import Recording
import Signatures
import StrictJSON
import TestSupport
import Testing
import Transparency

@Suite struct `jitgate audit verify` {
    @Test func `says that a log is what was signed`() throws {
        let audit = try AuditBench()
        let outcome = audit.verify()
        #expect(outcome.status == .done)
        #expect(outcome.output.hasPrefix("verified: 6 records, 1 signature\ncheckpoint: 6 "))
        #expect(outcome.output.hasSuffix("key: \(audit.key)\n"))
        // A key that lies beside the log proves less than one that was kept elsewhere.
        #expect(outcome.output.contains("\nnote: the key is the one beside the log"))
        let held = audit.bench.run("audit", "verify", "--key", audit.key, "--log", "@audit")
        #expect(held.status == .done && !held.output.contains("note: "))
    }

    @Test func `says which field's record was edited, for every field`() throws {
        let audit = try AuditBench()
        let lines = try audit.lines()
        for (number, line) in lines.enumerated() {
            for field in try #require(JSONNode.parse(Array(line.utf8)).value.names) {
                var forged = lines
                forged[number] = line.replacing("\"\(field)\":\"", with: "\"\(field)\":\"x")
                guard forged != lines else { continue }
                try audit.write(forged)
                #expect(try audit.flaws() == ["edited \(number)"], "\(field)")
            }
        }
    }

    @Test func `says where a log was cut, swapped or extended`() throws {
        let audit = try AuditBench()
        let lines = try audit.lines()
        let forgeries: [([String], [String])] = [
            (Array(lines.dropLast()), ["cut 5"]), (Array(lines.dropFirst()), ["missing 0"]),
            (lines + [lines[5]], ["repeated 5"]),
            (lines + [lines[5].replacing("\"5\"", with: "\"6\"")], ["extended 6"]),
            (Array(lines[..<2] + [lines[3], lines[2]] + lines[4...]), ["swapped 2"]),
            ([], ["cut 0"]),
        ]
        for (forged, flaws) in forgeries {
            try audit.write(forged)
            #expect(try audit.flaws() == flaws)
        }
        try audit.write(lines)
        try audit.remove("audit/audit.leaves")
        #expect(try audit.flaws() == ["leaves -1"])
        try audit.write(lines.map { $0.replacing("Denied", with: "Admitted") })
        #expect(try audit.flaws() == ["leaves -1", "root -1"])
    }

    @Test func `holds the log to its key and to a checkpoint that somebody kept`() throws {
        let audit = try AuditBench()
        let old = try audit.bench.read("audit/checkpoint")
        try audit.bench.write(String(decoding: old, as: UTF8.self), to: "kept")
        try audit.append([AuditEntry(.agentStarted, "Runs")])
        let outcome = audit.verify("--since-checkpoint", "@kept")
        #expect(outcome.output.contains("\nextends: the 6 records of "))
        // An older checkpoint in place of today's: the last record is signed by none.
        let today = String(decoding: try audit.bench.read("audit/checkpoint"), as: UTF8.self)
        try audit.bench.write(String(decoding: old, as: UTF8.self), to: "audit/checkpoint")
        #expect(try audit.flaws() == ["extended 6"])
        try audit.bench.write(today, to: "audit/checkpoint")
        let other = try AuditBench()
        #expect(other.verify("--since-checkpoint", audit.bench.path("kept")).status == .no)
        let stranger = audit.verify("--key", other.key)
        #expect(stranger.status == .no)
        #expect(stranger.errors.contains("another key of that name signed it"))
        // The host signs another log with its own key: only who kept a checkpoint can tell.
        for name in ["audit.jsonl", "audit.leaves", "checkpoint"] {
            try audit.remove("audit/\(name)")
        }
        for name in ["evidence", "snapshot"] where (try? audit.remove("state/\(name)")) == nil {}
        try audit.append((0..<8).map { AuditEntry(.agentStarted, "Runs \($0)") })
        #expect(try audit.flaws() == [])
        #expect(try audit.flaws("--since-checkpoint", "@kept") == ["forked -1"])
    }

    @Test func `takes a torn last line for what it is`() throws {
        let audit = try AuditBench()
        let text = try audit.lines().map { $0 + "\n" }.joined()
        // Bytes behind the last line feed were never acknowledged: the next start cuts them off.
        try audit.bench.write(text + "{\"JITGATE_SEQ\":\"6\"", to: "audit/audit.jsonl")
        #expect(try audit.flaws() == [])
        for count in [1, 2, 100] {
            try audit.bench.write(String(text.dropLast(count)), to: "audit/audit.jsonl")
            #expect(try audit.flaws() == ["cut 5"])
        }
    }

    @Test func `says where a file that is complete does not end`() throws {
        let audit = try AuditBench(rotatingAt: 1)
        let name = "audit/audit-00000000000000000003.jsonl"
        let text = String(decoding: try audit.bench.read(name), as: UTF8.self)
        try audit.bench.write(text + "{\"JITGATE_SEQ\"", to: name)
        #expect(try audit.flaws() == ["inserted 4"])
        try audit.bench.write(String(text.dropLast()), to: name)
        #expect(try audit.flaws() == ["edited 3"])
    }

    @Test func `takes no checkpoint of another host, of another key or over more records`() throws {
        let audit = try AuditBench()
        let checkpoint = String(decoding: try audit.bench.read("audit/checkpoint"), as: UTF8.self)
        let (key, lines) = (audit.key, try audit.lines())
        let tree = { (lines: [String]) in
            var tree = MerkleTree()
            for line in lines { tree.append(.leaf(Array(line.utf8))) }
            return tree
        }
        func refusal(_ note: String) throws -> String {
            try audit.bench.write(note, to: "audit/checkpoint")
            let outcome = audit.verify("--key", key)
            #expect(outcome.status == .no && outcome.output.isEmpty)
            return outcome.errors
        }
        let name = "jitgate/web-1/3f0c"
        let other = try AuditKey(name: "jitgate/web-2/3f0c", seed: Array(0..<32))
        #expect(try refusal(other.checkpoint(over: tree(lines))).contains("it is of another log"))
        let stranger = try AuditKey(name: name, seed: Array(0..<32))
        #expect(
            try refusal(stranger.checkpoint(over: tree(lines))).contains("another key of that name")
        )
        let sizes = checkpoint.replacing("\n6\n", with: "\n5\n")
        #expect(try refusal(sizes).contains("its signature by \(name) is wrong"))
        #expect(try refusal("").contains("it is not a note"))
        // The host's own, over records that were here once.
        try audit.bench.write(checkpoint, to: "audit/checkpoint")
        try audit.append([AuditEntry(.agentStarted, "Runs")])
        let longer = String(decoding: try audit.bench.read("audit/checkpoint"), as: UTF8.self)
        try audit.write(lines)
        #expect(try audit.flaws() == ["cut 6"])
        try audit.bench.write(longer, to: "kept")
        try audit.bench.write(checkpoint, to: "audit/checkpoint")
        #expect(try audit.flaws("--since-checkpoint", "@kept") == ["forked 6"])
        #expect(try audit.flaws() == [])
    }

    @Test func `checks evidence files and every signature again`() throws {
        let audit = try AuditBench()
        let folder = audit.bench.path("state/evidence")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(
            Set(names.compactMap { $0.split(separator: ".").last }) == ["grant", "signers", "toml"]
        )
        for name in names {
            let content = String(
                decoding: try audit.bench.read("state/evidence/\(name)"),
                as: UTF8.self
            )
            try audit.bench.write(content + " ", to: "state/evidence/\(name)")
            #expect(try audit.flaws() == [name.hasSuffix("toml") ? "evidence 0" : "evidence 1"])
            try audit.remove("state/evidence/\(name)")
            #expect(try audit.flaws() == [name.hasSuffix("toml") ? "evidence 0" : "evidence 1"])
            try audit.bench.write(content, to: "state/evidence/\(name)")
        }
        #expect(try audit.flaws() == [])
        let grant = try #require(names.first { $0.hasSuffix(".grant") })
        let payload = try SignedFile(splitting: try audit.bench.read("state/evidence/\(grant)"))
            .payload
        let armor = try audit.bench.read("state/evidence/\(grant)").dropFirst(payload.count)
        try audit.bench.write(String(decoding: armor, as: UTF8.self), to: "sig")
        let witness = try Command.run(
            [
                "ssh-keygen", "-Y", "verify", "-n", "jitgate-grant", "-I", "ops@example.com", "-f",
                folder + "/" + grant.replacing(".grant", with: ".signers"), "-s",
                audit.bench.path("sig"),
            ],
            input: payload
        )
        #expect(witness.status == 0)
        let sum = try Command.run(["sha256sum", folder + "/" + grant]).text
        #expect(grant.hasPrefix(sum.prefix { $0 != " " }))
    }

    @Test func `finds a record that does not say what was signed`() throws {
        let audit = try AuditBench()
        let accepted = try Record(parsing: Array(audit.lines()[1].utf8)).entry
        for (field, kind) in [
            (AuditField.sources, "evidence"), (.requestor, "evidence"), (.signers, "evidence"),
            (.digest, "evidence"), (.evidence, "evidence"), (.allowedSigners, "signature"),
        ] {
            var forged = accepted
            forged.fields[field] = ["ops@example.com ssh-ed25519 AAAA"]
            try audit.append([forged])
            #expect(try audit.flaws().last?.hasPrefix(kind) == true, "\(field)")
        }
    }

    @Test func `goes across files, and says what retention took away`() throws {
        let audit = try AuditBench(rotatingAt: 1)
        #expect(audit.verify().status == .done)
        try audit.remove("audit/audit-00000000000000000000.jsonl")
        #expect(try audit.flaws() == ["missing 0"])
        let outcome = audit.verify("--pruned")
        #expect(outcome.status == .done)
        let pruned = "pruned: records 0 to 0 are not here, the oldest is of 2026-12-01T12:00:01Z\n"
        #expect(outcome.output.contains(pruned))
        try audit.remove("audit/audit-00000000000000000003.jsonl")
        #expect(try audit.flaws("--pruned") == ["missing 3"])
        #expect(audit.bench.run("audit", "show").output.split(separator: "\n").count == 4)
    }
}

extension JSONValue {
    fileprivate var names: [String]? {
        guard case .object(let members) = self else { return nil }
        return members.map(\.name)
    }
}
