import Depot
import Foundation
import StrictJSON
import TestSupport
import Testing

/// `jitgate-fleet post` to a directory.
struct PostTests {
    private let bench: FleetBench

    init() throws { bench = try FleetBench() }

    private func json(_ result: Command.Result) throws -> JSONValue {
        try JSONNode.parse(result.output).value
    }

    @Test func `a file and its lines lie where hosts look for them`() throws {
        let id = UUID()
        let file = try bench.grant(
            "g.grant",
            id: id,
            hosts: ["web-1", "DB-1.example.com", "mail-*"]
        )
        let result = try bench.post([file])
        #expect(result.status == 0, "\(result.errors)")
        let sum = try digest(of: file)
        for shelf in ["web-1", "db-1.example.com", "all"] {
            let text = try String(
                contentsOfFile: bench.path("depot/shelves/\(shelf)/index"),
                encoding: .utf8
            )
            #expect(text == "\(sum)  \(id.uuidString.lowercased()).grant\n")
        }
        let stored = try Data(contentsOf: URL(filePath: bench.path("depot/files/\(sum).grant")))
        #expect(try stored == Data(contentsOf: URL(filePath: file)))
        #expect(
            result.text == "posted  \(file): grant \(id.uuidString.lowercased())"
                + " for web-1, db-1.example.com, all\n"
        )
        let attributes = try FileManager.default.attributesOfItem(
            atPath: bench.path("depot/files/\(sum).grant")
        )
        #expect(attributes[.posixPermissions] as? Int == 0o644)
    }

    @Test(arguments: [
        (["web-1"], ["web-1"]), (["*"], ["all"]), (["web-?", "web-1"], ["web-1", "all"]),
        (["label:env=prod"], ["all"]),
        (["machine-id:0123456789abcdef0123456789abcdef"], ["all"]), (["-web"], ["all"]),
    ])
    func `hosts decide on which shelves a file lies`(hosts: [String], shelves: [String]) throws {
        let result = try bench.post([try bench.grant("g.grant", hosts: hosts), "--json"])
        let posted = try json(result)["files"]?.items?.first
        #expect(posted?["shelves"]?.items?.compactMap(\.text) == shelves, "\(result.errors)")
        #expect(posted?["result"] == "posted" && posted?["kind"] == "grant")
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("depot/shelves"))
        #expect(Set(names) == Set(shelves))
    }

    @Test func `--shelf takes the place of all for what has no shelf of its own`() throws {
        let file = try bench.grant("g.grant", hosts: ["web-1", "label:role=db"])
        #expect(try bench.post([file, "--shelf", "role-db", "--shelf", "role-x"]).status == 0)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.path("depot/shelves"))
        #expect(Set(names) == ["web-1", "role-db", "role-x"])
        let wrong = try bench.post([file, "--shelf", "../x"])
        #expect(wrong.status == 2 && wrong.errors.contains("no two dots in a row"))
    }

    @Test func `posting once more writes nothing`() throws {
        let file = try bench.grant("g.grant")
        #expect(try bench.post([file, file]).status == 0)
        #expect(
            try String(contentsOfFile: bench.path("depot/shelves/web-1/index"), encoding: .utf8)
                .split(separator: "\n").count == 1
        )
        let index = bench.path("depot/shelves/web-1/index")
        let object = try bench.path("depot/files/\(digest(of: file)).grant")
        let before = try [index, object].map { try inode($0) }
        let again = try bench.post([file, "--json"])
        #expect(again.status == 0)
        #expect(try json(again)["files"]?.items?.first?["result"] == "present")
        #expect(try [index, object].map { try inode($0) } == before)
        // A file that a crash of the depot spoilt is written again.
        try Data("half".utf8).write(to: URL(filePath: object))
        #expect(try bench.post([file]).text.hasPrefix("posted"))
        #expect(try bench.isConsistent())
    }

    private func inode(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int ?? 0
    }

    @Test func `revocations stand before grants, and lines go when their grants have ended`() throws
    {
        let (first, second) = (UUID(), UUID())
        let over = try bench.grant("over.grant", id: first, lasting: -60)
        try bench.list(over, as: first, on: "web-1")
        #expect(try bench.post([try bench.grant("g.grant", id: second), "--json"]).status == 0)
        #expect(try bench.index("web-1").map(\.name) == [second.uuidString.lowercased()])
        try bench.list(over, as: first, on: "web-1")
        let result = try bench.post([try bench.revocation("r.grant", of: second), "--json"])
        #expect(
            try json(result)["dropped"]?.items?.first?.text
                == "\(first.uuidString.lowercased()).grant"
        )
        #expect(
            try bench.index("web-1").map(\.name) == [
                "revocation-\(second.uuidString.lowercased())", second.uuidString.lowercased(),
            ]
        )
        let late = try bench.post([over, "--json"])
        #expect(late.status == 1)
        #expect(try json(late)["files"]?.items?.first?["code"] == "over")
    }

    @Test func `a spreadsheet shows the fate of each file, and computes none`() throws {
        let good = try bench.grant("g.grant")
        let csv = try bench.post([good, "--csv"]).text.split(separator: "\r\n")
        #expect(csv.count == 2 && csv[0] == "file,result,kind,id,sha256,shelves,code,reason")
        #expect(try csv[1].contains(",posted,grant,") && csv[1].contains(digest(of: good)))
        try bench.grant("=cmd.grant", by: bench.stranger)
        let words = bench.words(["=cmd.grant", "--csv"]) + bench.directory
        let refused = try Command.run(["env", "-C", bench.folder.path] + words)
        #expect(
            refused.status == 1 && refused.text.contains("\r\n'=cmd.grant,refused,,,,,stranger,")
        )
        #expect(try bench.post([good, "--csv", "--json"]).status == 2)
    }

    @Test func `what no host could read is refused, and the rest is posted`() throws {
        let good = try bench.grant("good.grant")
        let foreign = try bench.grant("foreign.grant", by: bench.stranger)
        let text = try String(contentsOfFile: good, encoding: .utf8)
        try bench.write(text.replacing("disk full", with: "disk fill"), to: "edited.grant")
        try bench.write("{\"jitgate\": \"grant/1\"}\n", to: "unsigned.grant")
        try bench.write("", to: "empty.grant")
        let bad = ["edited.grant", "unsigned.grant", "empty.grant"].map(bench.path)
        let result = try bench.post([foreign] + bad + [good, "--json"])
        #expect(result.status == 1)
        let files = try #require(json(result)["files"]?.items)
        #expect(
            files.map { $0["code"]?.text } == [
                "stranger", "tampered", "unsigned", "empty", nil,
            ]
        )
        #expect(files.map { $0["result"]?.text }.last == "posted")
        #expect(try bench.index("web-1").map(\.digest.description) == [digest(of: good)])
    }

    @Test func `without a list of signers a signature must still be valid for its own key`() throws
    {
        let foreign = try bench.grant("foreign.grant", by: bench.stranger)
        let text = try String(contentsOfFile: foreign, encoding: .utf8)
        try bench.write(text.replacing("disk full", with: "disk fill"), to: "edited.grant")
        let program = AgentHost.build + "jitgate-fleet"
        let post = { (file: String) in
            try Command.run([program, "post", file] + bench.directory, environment: ["HOME": "/x"])
        }
        let result = try post(foreign)
        #expect(result.status == 0 && result.errors.contains("is not checked"))
        #expect(try post(bench.path("edited.grant")).text.contains("tampered"))
    }

    @Test func `an index that is none is left as it is`() throws {
        let file = try bench.grant("g.grant")
        try FileManager.default.createDirectory(
            atPath: bench.path("depot/shelves/web-1"),
            withIntermediateDirectories: true
        )
        try bench.write("<html>", to: "depot/shelves/web-1/index")
        let result = try bench.post([file])
        #expect(result.status == 1 && result.errors.contains("line 1 of the index"))
        #expect(
            try String(contentsOfFile: bench.path("depot/shelves/web-1/index"), encoding: .utf8)
                == "<html>"
        )
    }

    @Test func `mistakes of the caller have the exit statuses of sysexits`() throws {
        let file = try bench.grant("g.grant")
        #expect(try bench.post([bench.path("none.grant")]).status == 66)
        #expect(try bench.post([file], to: []).status == 2)
        #expect(try bench.post([file], to: ["--depot", "ftp://x"]).status == 2)
        #expect(try bench.post([file], to: ["--depot", bench.path("none")]).status == 66)
        #expect(try bench.post([file], to: ["--depot", "http://127.0.0.1:9"]).status == 69)
        #expect(try bench.post([]).status == 2)
        try bench.write("[depot]\nurl = 1\n", to: "fleet.toml")
        let wrong = try bench.post([file, "--config", bench.path("fleet.toml")])
        #expect(wrong.status == 78 && wrong.errors.contains("fleet.toml:2:1"))
    }

    @Test func `the depot and the signers may be named by a file or by the environment`() throws {
        let file = try bench.grant("g.grant")
        let configuration = """
            [depot]
            url = "\(bench.path("depot"))"
            [fleet]
            allowed_signers = "\(bench.path("allowed_signers"))"
            """
        try FileManager.default.createDirectory(
            atPath: bench.path(".config/jitgate"),
            withIntermediateDirectories: true
        )
        try bench.write(configuration, to: ".config/jitgate/fleet.toml")
        let program = AgentHost.build + "jitgate-fleet"
        let run = { (variables: [String: String]) in
            try Command.run([program, "post", file, "--json"], environment: variables)
        }
        let home = try run(["HOME": bench.folder.path, "XDG_CONFIG_HOME": ""])
        #expect(home.status == 0 && home.errors.isEmpty, "\(home.errors)")
        let other = try run([
            "HOME": bench.folder.path, "JITGATE_DEPOT": bench.path("elsewhere"),
            "XDG_CONFIG_HOME": "",
        ])
        #expect(other.status == 66 && other.errors.contains("elsewhere"))
    }

    @Test func `jitgate fleet runs jitgate-fleet, or says what to install`() throws {
        let file = try bench.grant("g.grant")
        let words = ["fleet"] + bench.words([file]).dropFirst() + bench.directory
        let found = try Command.run(
            [AgentHost.build + "jitgate"] + words,
            environment: ["PATH": AgentHost.build + ":/usr/bin:/bin"]
        )
        #expect(found.status == 0 && found.text.hasPrefix("posted"), "\(found.errors)")
        let missing = try Command.run(
            ["/usr/bin/env", "PATH=/nowhere", AgentHost.build + "jitgate"] + words
        )
        #expect(
            missing.status == 69 && missing.errors.contains("install the package jitgate-fleet")
        )
    }
}
