import Foundation
import Grants
import Robot
import StrictJSON
import TestSupport
import Testing

/// The programs of checks.d, as a robot runs them.
struct CheckDirectoryTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        _ = try Command.run(["chmod", "755", folder.path])
    }

    private func write(_ script: String, to name: String, mode: String = "755") throws {
        let path = folder.path + "/" + name
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: path))
        _ = try Command.run(["chmod", mode, path])
    }

    private var question: CheckQuestion {
        CheckQuestion(
            payload: ["id": "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11", "requestor": "dana"],
            sha256: "ab",
            signatures: [],
            outlook: [],
            hub: "https://hub.example.com",
            at: Moment(microseconds: 0)
        )
    }

    private func ask(limit: Duration = .seconds(20)) throws -> [NamedAnswer] {
        try CheckDirectory(folder.path, timeLimit: limit).ask(question)
    }

    @Test func `run in the order of their names, and are told the request`() throws {
        try write("cat > \(folder.path)/told.json; echo '{\"decision\": \"allow\"}'", to: "10-told")
        try write("echo '{\"decision\": \"deny\", \"reason\": \"freeze\"}'", to: "20-freeze")
        let results = try ask()
        #expect(
            results == [
                NamedAnswer("10-told", .allow(until: nil, reason: "")),
                NamedAnswer("20-freeze", .deny(reason: "freeze")),
            ]
        )
        let told = try Data(contentsOf: URL(filePath: folder.path + "/told.json"))
        let asked = try AskedRequest(parsing: Array(told))
        #expect(asked.requestor == "dana" && asked.now == Moment(microseconds: 0))
    }

    @Test func `do not run if others may have written them, or editors left them`() throws {
        try write("touch \(folder.path)/ran", to: "10-open", mode: "777")
        try write("touch \(folder.path)/ran", to: "20-copy.dpkg-old")
        try write("touch \(folder.path)/ran", to: "30-copy~")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/40-link",
            withDestinationPath: "/bin/true"
        )
        try write("touch \(folder.path)/ran", to: "50-mode", mode: "644")
        let results = try ask()
        #expect(results.map(\.name) == ["10-open", "40-link", "50-mode"])
        #expect(results.allSatisfy { $0.answer.word == "failed" }, "\(results)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/ran"))
    }

    @Test(arguments: [
        ("exit 3", "it ended with 3"),
        ("echo '{\"decision\": \"allow\"}'; exit 1", "it ended with 1"),
        ("echo yes", "it printed no JSON"), ("true", "it printed no JSON"),
        ("echo '{\"decision\": \"maybe\"}'", "it decided neither allow nor deny nor pass"),
        ("echo '{\"decision\": \"allow\", \"until\": \"soon\"}'", "its `until` is not a UTC time"),
        ("head -c 100000 /dev/zero", "it cannot be run"), ("kill -9 $$", "it ended with 137"),
    ])
    func `mean no if they fail or say nothing that can be read`(script: String, reason: String)
        throws
    {
        try write(script, to: "check")
        let answer = try #require(try ask().first?.answer)
        #expect(answer.word == "failed" && answer.reason.hasPrefix(reason), "\(answer)")
    }

    @Test(arguments: [
        "sleep 600", "exec 1>&-; sleep 600", "sleep 600 & sleep 600", "trap '' TERM; sleep 600",
    ])
    func `are killed with all that they started when their time is over`(script: String) throws {
        try write("echo $$ > \(folder.path)/pid; \(script)", to: "check")
        let answer = try #require(try ask(limit: .seconds(1)).first?.answer)
        #expect(answer == .failed(reason: "it did not answer within 1s"))
        let pid = try String(contentsOfFile: folder.path + "/pid", encoding: .utf8)
            .trimmingCharacters(in: .newlines)
        // What was killed may be there until somebody has asked for its status.
        try eventually {
            try Command.run(["pgrep", "-r", "D,R,S,T", "-g", pid]).output.isEmpty
        }
    }

    @Test func `have to be there, in a directory of the robot's own`() throws {
        #expect(throws: CheckDirectoryError.self) { try ask() }
        try write("true", to: "check")
        _ = try Command.run(["chmod", "777", folder.path])
        #expect(throws: CheckDirectoryError.self) { try ask() }
        #expect(throws: CheckDirectoryError.self) {
            try CheckDirectory("/nonexistent", timeLimit: .seconds(1)).names()
        }
    }
}
