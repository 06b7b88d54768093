import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// Files that are served on loopback, as a service of tickets or shifts would answer.
final class FileService {
    private let process = Process()
    let url: String

    init(_ folder: String) throws {
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // Serving HTTP on 127.0.0.1 port 8000 (http://127.0.0.1:8000/) ...
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let start = line.range(of: "(http"), let end = line.range(of: "/)") else {
            throw CommandFailure("the service did not start: \(line)")
        }
        url = "http" + line[start.upperBound..<end.lowerBound]
    }

    deinit { process.end() }
}

/// `jitgate-fleet robot` and its checks, as programs.
struct RobotCommandTests {
    private let hub: LyingHub
    private let robot: SSHKey

    init() throws {
        hub = try LyingHub()
        robot = try SSHKey()
        try hub.write(
            "dana namespaces=\"jitgate-request\" \(hub.key.publicLine)\n"
                + "robot namespaces=\"jitgate-login,jitgate-grant\" \(robot.publicLine)\n",
            to: "allowed_signers"
        )
        for name in ["checks.d", "service"] {
            try FileManager.default.createDirectory(
                atPath: hub.path(name),
                withIntermediateDirectories: false
            )
            _ = try Command.run(["chmod", "755", hub.path(name)])
        }
        _ = try Command.run(["chmod", "755", hub.folder.path])
    }

    private func check(_ script: String, as name: String = "check") throws {
        try hub.write("#!/bin/sh\n\(script)\n", to: "checks.d/\(name)")
        _ = try Command.run(["chmod", "755", hub.path("checks.d/\(name)")])
    }

    private func answer(_ words: String...) throws -> Command.Result {
        try Command.run(
            [
                AgentHost.build + "jitgate-fleet", "robot", "--once", "--json", "--key",
                robot.privateFile, "--checks", hub.path("checks.d"), "--allowed-signers",
                hub.path("allowed_signers"), "--hub", hub.url,
            ] + words,
            environment: ["HOME": hub.folder.path]
        )
    }

    private func reported(_ result: Command.Result) throws -> JSONValue {
        let line = try #require(result.output.split(separator: UInt8(ascii: "\n")).first)
        return try JSONNode.parse(Array(line)).value
    }

    @Test func `signs what all checks allow, and says what they answered`() throws {
        let payload = try hub.request()
        try check(
            "grep -q '\"requestor\":\"dana\"' && echo '{\"decision\": \"allow\", \"reason\": \"ok\"}'"
        )
        let result = try answer()
        #expect(result.status == 0, "\(result.errors)")
        #expect(try hub.posted("signatures") == [robot.sign(payload)])
        let report = try reported(result)
        #expect(report["answer"] == "signed" && report["request"]?.text == LyingHub.id)
        #expect(report["checks"]?.items?.first?["reason"] == "ok")
    }

    @Test func `denies, by a signed decision, what a check denies or allows for less time`() throws
    {
        try hub.request()
        try check("echo '{\"decision\": \"deny\", \"reason\": \"freeze\"}'")
        #expect(try reported(answer())["answer"] == "denied")
        let soon = (LyingHub.now + .seconds(60)).wholeSecond
        try check("echo '{\"decision\": \"allow\", \"until\": \"\(soon)\"}'")
        #expect(try reported(answer())["answer"] == "denied")
        let decisions = try hub.posted("decisions").map { String(decoding: $0, as: UTF8.self) }
        #expect(decisions.count == 2 && decisions[0].contains("check: freeze"))
        #expect(decisions[1].contains("--expires \(soon)"))
        #expect(decisions.allSatisfy { $0.contains("BEGIN SSH SIGNATURE") })
        #expect(try hub.posted("signatures").isEmpty)
    }

    @Test(arguments: ["exit 1", "true", "echo yes", "sleep 600"])
    func `takes no answer for no, and tries again`(script: String) throws {
        try hub.request()
        try check("echo '{\"decision\": \"allow\"}'", as: "a")
        try check(script, as: "b")
        let result = try answer("--time-limit", "1s")
        #expect(result.status == 1)
        #expect(try reported(result)["answer"] == "left")
        #expect(try hub.posted("signatures").isEmpty && hub.posted("decisions").isEmpty)
    }

    @Test func `leaves what its requestor has not signed, whatever the hub says`() throws {
        let payload = try hub.request()
        try check("echo '{\"decision\": \"allow\"}'")
        let own = try robot.sign(payload, namespace: "jitgate-grant")
        let stranger = try SSHKey().sign(payload, namespace: "jitgate-request")
        for signature in [own, stranger] {
            try hub.write(String(decoding: payload + signature, as: UTF8.self), to: "file")
            let result = try answer()
            #expect(result.status == 1)
            #expect(try reported(result)["reason"] == "it is not signed by its requestor, dana")
        }
        try hub.request()
        try hub.write(#"{"requestor": "eve"}"#, to: "lies.json")
        #expect(try answer().status == 1)
        #expect(try hub.posted("signatures").isEmpty)
    }

    @Test func `needs a check, and one that nobody else can write`() throws {
        #expect(try answer().status == 78)
        try check("echo '{\"decision\": \"allow\"}'")
        _ = try Command.run(["chmod", "777", hub.path("checks.d")])
        let result = try answer()
        #expect(result.status == 78 && result.errors.contains("checks.d"))
    }

    // MARK: the checks that come with it

    private var program: String { AgentHost.build + "jitgate-fleet" }

    @Test func `signs while a ticket is open, and no longer than its window`() throws {
        let service = try FileService(hub.path("service"))
        try hub.request(ticket: "INC/7 ü")
        try check(
            "exec \(program) check-ticket --url '\(service.url)/x?id={ticket}&y=1' --path fields.status "
                + "--open 'approved,in progress' --end fields.end"
        )
        func ticket(_ status: String, until seconds: Int) throws {
            let end = LyingHub.now + .seconds(seconds)
            try hub.write(
                #"{"fields": {"status": "\#(status)", "points": 1.5e0, "end": "\#(end)"}}"#,
                to: "service/x"
            )
        }
        try ticket("In Progress", until: 7200)
        #expect(try reported(answer())["answer"] == "signed")
        try ticket("approved", until: 60)
        #expect(try reported(answer())["answer"] == "denied")
        try ticket("closed", until: 7200)
        #expect(try reported(answer())["reason"] == "check: the ticket INC/7 ü is closed")
        try hub.remove("service/x")
        #expect(try reported(answer())["answer"] == "denied")
        try hub.write("<html>", to: "service/x")
        #expect(try reported(answer())["answer"] == "left")
    }

    @Test func `a request without a ticket is denied, or left to people`() throws {
        let options = ["--url", "http://127.0.0.1:1/{ticket}", "--path", "s", "--open", "o"]
        let question = #"{"jitgate": "check/1", "now": "2026-11-28T10:00:00Z", "request": {}}"#
        func run(_ words: String...) throws -> Command.Result {
            try Command.run(
                [program, "check-ticket"] + options + words,
                input: Array(question.utf8)
            )
        }
        #expect(try JSONNode.parse(run().output).value["decision"] == "deny")
        #expect(try JSONNode.parse(run("--pass-without").output).value["decision"] == "pass")
        let empty = try Command.run([program, "check-ticket"] + options)
        #expect(empty.status == 66 && empty.output.isEmpty)
    }

    @Test func `signs for those on call, by a service that wants a token`() throws {
        let service = try FileService(hub.path("service"))
        try hub.request()
        try hub.write("s3cret\n", to: "token")
        let end = LyingHub.now + .seconds(7200)
        try hub.write(
            #"{"shifts": [{"who": {"login": "DANA"}, "end": "\#(end)"}]}"#,
            to: "service/shifts"
        )
        let words =
            "--list 'shifts[*]' --name who.login --end end --token-file \(hub.path("token"))"
        try check("exec \(program) check-on-call --url \(service.url)/shifts \(words)")
        #expect(try reported(answer())["answer"] == "signed")
        try hub.write(#"{"shifts": []}"#, to: "service/shifts")
        #expect(try reported(answer())["reason"] == "check: dana is not on call")
        try hub.write("two words", to: "token")
        #expect(try reported(answer())["answer"] == "left")
        try check("exec \(program) check-on-call --url http://oncall.example.com/shifts \(words)")
        #expect(try reported(answer())["answer"] == "left")
    }
}
