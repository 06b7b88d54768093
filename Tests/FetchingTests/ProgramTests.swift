import Foundation
import TestSupport
import Testing

@testable import Fetching

/// The built program.
struct ProgramTests {
    @Test func `it ends by SIGTERM, whether it sleeps or waits for an answer`() throws {
        let depot = try LyingDepot()
        let host = try FetchingHost(depot.url("slow"))
        for words in [[], ["--once"]] as [[String]] {
            let process = words.isEmpty ? host.process() : host.process("--once")
            // It may have been blocked by whoever starts it: a mask is inherited.
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments =
                ["--default-signal=TERM", "--block-signal=TERM", AgentHost.build + "jitgate-fetch"]
                + ["--config", host.configurationPath] + words
            try process.run()
            try eventually { try handlesTermination(process.processIdentifier) }
            kill(process.processIdentifier, SIGTERM)
            let begun = ContinuousClock.now
            process.waitUntilExit()
            #expect(process.terminationReason == .exit)
            #expect(ContinuousClock.now - begun < .seconds(20))
        }
    }

    /// Returns true if a process has set its handler of SIGTERM (proc(5), SigCgt).
    private func handlesTermination(_ process: Int32) throws -> Bool {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") } ?? ""
        let mask = UInt64(line.dropFirst(8).filter(\.isHexDigit), radix: 16) ?? 0
        return mask & (1 << UInt64(SIGTERM - 1)) != 0
    }

    @Test(arguments: 0..<12)
    func `killed at any moment it leaves whole files, and the next start goes on`(
        seed: UInt64
    ) throws {
        var random = SeededGenerator(seed: seed)
        let depot = try NginxDepot()
        let texts = (0..<40).map { "\($0) " + String(repeating: "x", count: 30_000) }
        try depot.writeIndex(try texts.map { try depot.put($0) })
        let host = try FetchingHost(depot.url, depot: depot.keys)
        for _ in 0..<4 {
            let process = host.process("--once")
            try process.run()
            usleep(UInt32.random(in: 0...60_000, using: &random))
            process.end()
            for name in try host.files where !name.hasPrefix(".") {
                #expect(fileName(try host.contents(name)) == name)
            }
        }
        #expect(try host.run("--once").status == 0)
        #expect(try host.files == Set(texts.map { fileName(Array($0.utf8)) }))
    }

    @Test func `--once fails if something is missing`() throws {
        let depot = try LyingDepot()
        let result = try FetchingHost(depot.url("wrong-digest")).run("--once")
        #expect(result.status == 1)
        #expect(result.errors.contains("another digest"))
    }

    @Test func `--check says what is wrong, with line and column`() throws {
        let host = try FetchingHost("https://depot.example.com")
        #expect(try host.run("--check").text == "\(host.configurationPath): ok\n")
        let bad = try FetchingHost("http://depot.example.com", fetch: "evry = \"1s\"")
        let result = try bad.run("--check")
        #expect(result.status == 78)
        #expect(result.errors.contains("fetch.toml:2:1: `depot.url`"))
        #expect(result.errors.contains("did you mean `every`?"))
    }

    @Test(arguments: [["--check", "--once"], ["--onec"], ["file"], ["--config"], ["--config="]])
    func `a wrong command line is told, and nothing is done`(words: [String]) throws {
        let result = try Command.run([AgentHost.build + "jitgate-fetch"] + words)
        #expect(result.status == 64)
        #expect(result.errors.contains("see jitgate-fetch --help"))
    }

    @Test func `--help has examples, and --version that of the release`() throws {
        let help = try Command.run([AgentHost.build + "jitgate-fetch", "--once", "-h"])
        #expect(help.status == 0 && help.text.contains("jitgate-fetch --once --config"))
        let version = try Command.run([AgentHost.build + "jitgate-fetch", "--version"])
        #expect(version.text == Fetching.version + "\n")
    }
}
