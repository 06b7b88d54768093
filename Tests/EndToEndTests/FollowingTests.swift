import Foundation
import StrictJSON
import TestSupport
import Testing

/// A command that goes on until it is killed.
private final class Follower {
    private let process = Process()
    private let folder: TemporaryDirectory
    private var output: String { folder.path + "/output" }

    /// `jitgate audit show -f`.
    convenience init(_ host: AgentHost, _ options: String...) throws {
        try self.init(host, words: ["audit", "show", "-f"] + options)
    }

    init(_ host: AgentHost, words: [String]) throws {
        folder = try TemporaryDirectory()
        _ = FileManager.default.createFile(atPath: output, contents: nil)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["JITGATE_CONFIG=\(host.policyPath)", AgentHost.build + "jitgate"] + words
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        // It waits for ever for its agent, and inherited that other signals are blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    var text: String {
        get throws {
            // It may end amid a character, too, while it is written.
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self)
        }
    }
}

@Suite struct `Following the log` {
    /// A host whose log goes on in a new file after some twenty grants.
    private func host() throws -> AgentHost {
        let host = try AgentHost()
        let policy = try String(contentsOfFile: host.policyPath, encoding: .utf8)
        try host.write(
            policy.replacing("[audit]\n", with: "[audit]\nsegment_size = \"64K\"\n"),
            to: "jitgate.toml"
        )
        return host
    }

    /// All lines of all files, and how many files there are.
    private func log(_ host: AgentHost) throws -> (lines: [String], files: Int) {
        let names = try FileManager.default.contentsOfDirectory(atPath: host.auditDirectory)
            .filter { $0.hasSuffix(".jsonl") }
        // The dash of the older ones is before the newest's dot.
        let texts = try names.sorted().map { name in
            String(
                decoding: try Data(
                    contentsOf: URL(fileURLWithPath: host.auditDirectory + "/" + name)
                ),
                as: UTF8.self
            )
        }
        return (texts.joined().split(separator: "\n").map(String.init), names.count)
    }

    private func submit(_ numbers: Range<Int>, to host: AgentHost) throws {
        for number in numbers { try host.submit(host.grant(), as: "\(number).grant") }
    }

    @Test func `loses and repeats no record while the log goes on in new files`() throws {
        let host = try host()
        try host.start()
        let all = try Follower(host, "--json")
        let table = try Follower(host, "--csv")
        let export = try Follower(host, "--export")
        let opened = try Follower(host, "--event", "grant-opened", "--port", "22/tcp", "--json")
        try eventually { try !all.text.isEmpty }
        try submit(0..<30, to: host)
        try eventually { try log(host).files > 1 }
        // It begins in the middle, and reads over several files what is asked for.
        let late = try Follower(host, "--json", "--event", "grant-opened", "-n", "3")
        try eventually { try late.text.count { $0 == "\n" } >= 3 }
        try submit(30..<60, to: host)
        try eventually { try opened.text.count { $0 == "\n" } == 60 }
        // An agent that is started again is followed on.
        host.stop()
        try host.start()
        try submit(60..<70, to: host)
        try eventually { try opened.text.count { $0 == "\n" } == 70 }
        host.stop()
        let (lines, files) = try log(host)
        try eventually { try all.text.count { $0 == "\n" } == lines.count }
        try eventually { try late.text.count { $0 == "\n" } >= 43 }
        try eventually {
            let text = try export.text
            return text.hasSuffix("\n\n")
                && text.components(separatedBy: "JITGATE_SEQ=").count == lines.count + 1
        }
        try eventually {
            try table.text.components(separatedBy: "\r\n").count == lines.count + 2
        }
        #expect(files > 2)
        let wanted = lines.filter { $0.contains("\"JITGATE_EVENT\":\"grant-opened\"") }
        #expect(try all.text.split(separator: "\n").map(String.init) == lines)
        #expect(try opened.text.split(separator: "\n").map(String.init) == wanted)
        let shown = try late.text.split(separator: "\n").map(String.init)
        #expect(shown.count >= 43 && shown == wanted.suffix(shown.count))
        let numbers = lines.indices.map(String.init)
        let fields = try export.text.split(separator: "\n").filter { $0.hasPrefix("JITGATE_SEQ=") }
        #expect(fields.map { $0.dropFirst("JITGATE_SEQ=".count) + "" } == numbers)
        let rows = try table.text.components(separatedBy: "\r\n").dropFirst().dropLast()
        #expect(
            rows.map { $0.split(separator: ",").dropFirst().first ?? "" } == numbers.map { $0[...] }
        )
    }
    @Test func `watch goes on with an agent that is started again`() throws {
        let host = try AgentHost()
        try host.start()
        let watching = try Follower(host, words: ["watch", "--json"])
        for stop in [{}, host.stop, host.kill] {
            stop()
            if !host.isRunning { try host.start() }
            let before = try watching.text.count { $0 == "\n" }
            // It is told of nothing before it listens.
            try eventually {
                try host.submit(host.grant(), as: "a.grant")
                return try watching.text.count { $0 == "\n" } > before
            }
        }
    }
}
