import Foundation
import StrictJSON
import TestSupport
import Testing

private func shell(_ words: String...) throws {
    let result = try Command.run(words)
    guard result.status == 0 else { throw CommandFailure(result.errors) }
}

extension AgentHost {
    fileprivate func status() throws -> JSONValue {
        try JSONNode.parse(jitgate("status", "--json").output).value
    }

    /// A file beside the drop directory.
    fileprivate func stage(_ bytes: [UInt8], as name: String) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(filePath: file))
        try shell("chmod", "600", file)
        return file
    }
}

/// The commands that spoil a file or a directory, and those that mend it.
private struct Distrust: Sendable, CustomStringConvertible {
    let description: String
    let spoil: [String]
    let mend: [String]

    static let all = [
        Distrust(description: "owner", spoil: ["chown", "1000"], mend: ["chown", "0"]),
        Distrust(description: "mode", spoil: ["chmod", "664"], mend: ["chmod", "644"]),
    ]
}

@Suite struct `A file that was refused` {
    @Test(arguments: Distrust.all)
    private func `for what it is counts once that is mended`(distrust: Distrust) throws {
        let host = try AgentHost()
        try host.start()
        let file = try host.stage(host.grant(), as: "g")
        try shell("chmod", "644", file)
        _ = try Command.run(distrust.spoil + [file])
        try host.move(file, to: "g.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.status()["healthy"] == false)
        #expect(try host.conditions().contains { $0.contains("/g.grant is refused: ") })
        #expect(try host.jitgate("doctor").text.contains("/g.grant is refused: "))
        #expect(try host.jitgate("verify", host.drop + "/g.grant").status == 1)
        _ = try Command.run(distrust.mend + [host.drop + "/g.grant"])
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        #expect(try host.status()["healthy"] == true)
        #expect(try host.jitgate("verify", host.drop + "/g.grant").status == 0)
    }

    @Test(arguments: ["", "above"])
    func `for its directory counts once that is mended`(above: String) throws {
        let folder = try TemporaryDirectory(in: "/run")
        let drop = folder.path + "/above/grants"
        let host = try AgentHost(drop: drop)
        try shell("mkdir", "-p", drop)
        let spoiled = above.isEmpty ? drop : folder.path + "/above"
        try shell("chmod", "775", spoiled)
        try host.start()
        #expect(try host.status()["healthy"] == false)
        let file = try host.stage(host.grant(), as: "g")
        unsafe #expect(rename(file, drop + "/g.grant") == 0)
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.conditions().contains { $0.contains("chmod go-w \(spoiled)") })
        try shell("chmod", "755", spoiled)
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        #expect(try host.status()["healthy"] == true)
    }

    @Test func `behind a link counts once that is a directory`() throws {
        let folder = try TemporaryDirectory(in: "/run")
        let drop = folder.path + "/grants"
        let host = try AgentHost(drop: drop)
        try shell("mkdir", folder.path + "/real")
        try shell("ln", "-s", "real", drop)
        try host.start()
        let problems = try host.conditions()
        #expect(problems.contains { $0.hasPrefix("no grant file in \(drop) counts: ") })
        let file = try host.stage(host.grant(), as: "g")
        unsafe #expect(rename(file, folder.path + "/real/g.grant") == 0)
        try eventually { try host.records("grant-refused").count == 1 }
        unsafe #expect(unlink(drop) == 0)
        unsafe #expect(rename(folder.path + "/real", drop) == 0)
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        #expect(try host.conditions() == [])
    }

    @Test func `for what it says is named while it is there, and nobody is called ill`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit([UInt8](repeating: 65, count: 9), as: "a.grant")
        try eventually { try host.records("grant-refused").count == 1 }
        let status = try host.status()
        #expect(status["healthy"] == true)
        #expect(try host.conditions("warning").contains { $0.contains("/a.grant is refused: ") })
        #expect(try host.jitgate("status").text.contains("/a.grant is refused: "))
        #expect(try host.jitgate("doctor").text.contains("/a.grant is refused: "))
        try host.remove("a.grant")
        try eventually { try !host.conditions("warning").contains { $0.contains("refused") } }
    }
}

@Suite struct `A file that is created in its place` {
    @Test func `by a hard link is complete`() throws {
        let host = try AgentHost()
        try host.start()
        let file = try host.stage(host.grant(), as: "g")
        unsafe #expect(link(file, host.drop + "/g.grant") == 0)
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        #expect(try host.records("grant-refused").isEmpty)
        // Its other name is nobody's business.
        unsafe #expect(unlink(file) == 0)
        try host.remove("g.grant")
        try eventually { try host.reasons("grant-closed") == ["removed"] }
    }

    @Test(arguments: ["ln -s", "mkfifo", "mkdir"])
    func `as no file at all is refused`(command: String) throws {
        let host = try AgentHost()
        try host.start()
        let words = command.split(separator: " ").map(String.init)
        let source = words.count > 1 ? ["/dev/null"] : []
        _ = try Command.run(words + source + [host.drop + "/g.grant"])
        try eventually { try host.records("grant-refused").count == 1 }
        #expect(try host.conditions().contains { $0.contains("/g.grant is refused: ") })
    }

    /// O_TMPFILE, which the Glibc module lacks.
    private static let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY

    @Test(arguments: [true, false])
    func `from an unnamed one is complete once it is closed`(closesFirst: Bool) throws {
        let host = try AgentHost()
        try host.start()
        let grant = try host.grant()
        let unnamed = unsafe open(host.drop, Self.unnamed | O_RDWR, 0o600)
        try #require(unnamed >= 0)
        let part = closesFirst ? grant.count : 100
        unsafe #expect(write(unnamed, Array(grant.prefix(part)), part) == part)
        let reader = unsafe open("/proc/self/fd/\(unnamed)", O_RDONLY)
        defer { close(reader) }
        if closesFirst { close(unnamed) }
        let source = "/proc/self/fd/\(closesFirst ? reader : unnamed)"
        unsafe #expect(
            linkat(AT_FDCWD, source, AT_FDCWD, host.drop + "/g.grant", AT_SYMLINK_FOLLOW) == 0
        )
        if !closesFirst {
            // What comes later is taken first.
            let other = try host.grant(changes: [.init("sources", ["198.51.100.7"])])
            try host.submit(other, as: "z.grant")
            try eventually { try host.openings() == ["198.51.100.7 . tcp . 22"] }
            unsafe #expect(write(unnamed, Array(grant.dropFirst(part)), grant.count - part) > 0)
            close(unnamed)
        }
        try eventually { try host.openings().contains("192.0.2.7 . tcp . 22") }
        #expect(try host.records("grant-refused").isEmpty)
    }
}
