import Foundation
import Glibc
import Grants
import SystemPackage
import TestSupport
import Testing

@testable import Linux

@Suite struct `A session of logind` {
    private let folder: TemporaryDirectory
    /// All tests share /dev/pts.
    private let user = UInt32.random(in: 100_000...2_000_000_000)

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func write(_ name: String, _ changes: [String: String?] = [:]) throws {
        var values: [String: String] = [
            "UID": "\(user)", "STATE": "active", "REMOTE": "1", "TYPE": "tty",
            "REMOTE_HOST": "192.0.2.7", "SERVICE": "sshd",
            "REALTIME": "\(Int64(Date().timeIntervalSince1970 * 1_000_000))",
        ]
        for (key, value) in changes { values[key] = value }
        let lines = values.map { "\($0.key)=\($0.value)\n" }.joined()
        let text = "# This is private data. Do not parse.\n" + lines
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/" + name))
    }

    private func places(utmp: [LoginRecord] = []) throws -> [LoginSession.Place] {
        let path = folder.path + "/u.utmp"
        try Data(utmp.flatMap(\.bytes)).write(to: URL(fileURLWithPath: path))
        return LoginSession.places(in: path, folder.path)
    }

    @Test func `has the terminals that its user got since it began`() throws {
        let terminal = try PseudoTerminal()
        let other = try PseudoTerminal()
        try other.give(to: user + 1)
        try write("1")
        try terminal.give(to: user)
        let place = LoginSession.Place(terminal: terminal.name, address: [192, 0, 2, 7])
        #expect(try places() == [place])
        let late = Int64(Date().timeIntervalSince1970 * 1_000_000) + 60_000_000
        try write("1", ["REALTIME": "\(late)"])
        #expect(try places().isEmpty)
    }

    @Test func `has the terminal that it names, also in quotes, and its address, either family`()
        throws
    {
        try write("1", ["TTY": "pts/7", "REMOTE_HOST": "\"2001:db8::7\""])
        try write("2", ["TTY": "\"pts/8\"", "REMOTE_HOST": "fe80::1%eth0"])
        let found = try places()
        #expect(found.map(\.terminal) == ["pts/7", "pts/8"])
        #expect(found.map(\.address.count) == [16, 16])
    }

    @Test(arguments: [
        ["REMOTE": "0"], ["REMOTE": nil], ["STATE": "closing"], ["REMOTE_HOST": "host.example"],
        ["REMOTE_HOST": nil], ["REMOTE_HOST": ""], ["UID": "-1"], ["UID": nil], ["UID": "x"],
        ["REALTIME": nil], ["REALTIME": "99999999999999999999"],
    ])
    func `does not count where`(changes: [String: String?]) throws {
        try write("1", changes.merging(["TTY": "pts/7"]) { old, _ in old })
        #expect(try places().isEmpty)
    }

    @Test func `gives way to utmp, which has all terminals of an address`() throws {
        try write("1", ["TTY": "pts/7"])
        try write("2", ["TTY": "pts/8", "REMOTE_HOST": "192.0.2.8"])
        let found = try places(utmp: [LoginRecord(on: "pts/3", from: "192.0.2.7")])
        #expect(found.map(\.terminal) == ["pts/3", "pts/8"])
    }

    @Test func `is looked for beside pipes, directories and rubbish`() throws {
        for name in ["1.ref", "pipe"] {
            #expect(unsafe mkfifo(folder.path + "/" + name, 0o600) == 0)
        }
        try FileManager.default.createDirectory(
            atPath: folder.path + "/d",
            withIntermediateDirectories: false
        )
        var random = SeededGenerator(seed: 1)
        for size in [0, 1, 100, 16 << 10, 1 << 20] {
            let bytes = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
            try Data(bytes).write(to: URL(fileURLWithPath: folder.path + "/r\(size)"))
        }
        try write("1", ["TTY": "pts/7"])
        #expect(try places().map(\.terminal) == ["pts/7"])
        #expect(LoginSession.places(in: "/nonexistent", "/nonexistent").isEmpty)
    }
}
