import Foundation
import TestSupport
import Testing

/// The program jitgate-hub as it is built.
struct ProgramTests {
    private struct Place {
        let folder: TemporaryDirectory

        init(_ more: String = "") throws {
            folder = try TemporaryDirectory()
            let people = try HubPerson("dana").line + "\n"
            try people.write(toFile: path("signers"), atomically: true, encoding: .utf8)
            let settings = """
                url = "https://hub.test"
                listen = "unix:\(path("http"))"
                store = "sqlite:\(path("hub.db"))"
                state = "\(folder.path)"
                allowed_signers = "\(path("signers"))"
                \(more)

                """
            try settings.write(toFile: path("hub.toml"), atomically: true, encoding: .utf8)
        }

        func path(_ name: String) -> String { folder.path + "/" + name }

        func run(_ words: String...) throws -> Command.Result {
            try Command.run(
                [AgentHost.build + "jitgate-hub"] + words + ["--config", path("hub.toml")]
            )
        }

        /// Calls the hub by the real curl.
        func get(_ target: String) throws -> String {
            try Command.run([
                "curl", "-s", "--max-time", "20", "--unix-socket", path("http"),
                "http://hub.test" + target,
            ]).text
        }
    }

    @Test func `it tells the service manager, serves, is copied, and stops`() async throws {
        let place = try Place()
        let notes = try TestDatagrams(path: place.path("notify"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "--default-signal=TERM", AgentHost.build + "jitgate-hub", "--config",
            place.path("hub.toml"),
        ]
        process.environment = ["NOTIFY_SOCKET": place.path("notify")]
        let log = place.path("log")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        defer { process.end() }
        #expect(try await notes.next() == "READY=1")
        #expect(try place.get("/healthz") == "ok\n")
        #expect(try place.run("backup", place.path("copy.db")).status == 0)
        #expect(FileManager.default.fileExists(atPath: place.path("copy.db")))
        kill(process.processIdentifier, SIGTERM)
        #expect(try await notes.next() == "STOPPING=1")
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let lines = try String(contentsOfFile: log, encoding: .utf8)
        #expect(lines.contains("<5>level=notice message=ready url=https://hub.test"), "\(lines)")
        #expect(lines.contains("method=GET") && lines.contains("path=/healthz"))
    }

    @Test func `a check tells what is wrong, and makes it plain what kind it is`() throws {
        let good = try Place()
        let result = try good.run("--check")
        #expect(result.status == 0 && result.text.hasSuffix("hub.toml: ok\n"), "\(result.errors)")
        let bad = try Place("lisen = 5")
        let refusal = try bad.run("--check")
        #expect(refusal.status == 78 && refusal.errors.contains("hub.toml:6:1: `lisen`"))
        let people = try Place()
        try "no line\n".write(toFile: people.path("signers"), atomically: true, encoding: .utf8)
        let malformed = try people.run("--check")
        #expect(malformed.status == 78 && malformed.errors.contains("signers: line 1:"))
        let store = try Place()
        try "no database, and longer than nothing".write(
            toFile: store.path("hub.db"),
            atomically: true,
            encoding: .utf8
        )
        #expect(try store.run("--check").status == 71)
        #expect(try good.run("--chek").status == 64)
        let help = try Command.run([AgentHost.build + "jitgate-hub", "--help"])
        #expect(help.status == 0 && help.text.contains("jitgate-hub backup"))
    }
}
