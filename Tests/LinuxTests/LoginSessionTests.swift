import Foundation
import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite struct `A record of a login` {
    private let folder: TemporaryDirectory
    private var path: String { folder.path + "/utmp" }

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func sessions(_ records: [LoginRecord], andThen rest: [UInt8] = []) throws
        -> [LoginSession]
    {
        try Data(records.flatMap(\.bytes) + rest).write(to: URL(fileURLWithPath: path))
        return try LoginSession.all(in: path)
    }

    @Test(arguments: [
        ("192.0.2.7", [192, 0, 2, 7]),
        ("2001:db8::7", [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
    ])
    func `says on which terminal, and from where`(source: String, address: [UInt8]) throws {
        let found = try sessions([LoginRecord(on: "pts/3", from: source)])
        #expect(found.map(\.terminal) == ["pts/3"])
        #expect(found.map(\.address) == [address])
    }

    @Test func `counts only while somebody from elsewhere is logged in`() throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/usr/bin/true")
        try child.run()
        child.waitUntilExit()
        let found = try sessions([
            LoginRecord(on: "pts/1", from: "192.0.2.7", type: DEAD_PROCESS),
            LoginRecord(on: "pts/2", from: "0.0.0.0"),
            LoginRecord(on: "pts/3", from: "192.0.2.7", process: child.processIdentifier),
            LoginRecord(on: "pts/4", from: "192.0.2.7", process: -1),
            LoginRecord(on: "pts/5", from: "192.0.2.7", process: 0),
            LoginRecord(on: "pts/6", from: "192.0.2.7"),
        ])
        #expect(found.map(\.terminal) == ["pts/6"])
    }

    @Test func `may fill its field, be cut off, or be rubbish`() throws {
        let long = String(repeating: "t", count: 40)
        let whole = LoginRecord(on: long, from: "192.0.2.7")
        let found = try sessions([whole], andThen: Array(whole.bytes.dropLast()))
        #expect(found.map(\.terminal) == [String(repeating: "t", count: 32)])
        #expect(try sessions([], andThen: [1, 2, 3]).isEmpty)
        #expect(try sessions([]).isEmpty)
        var random = SeededGenerator(seed: 1)
        let rubbish = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        _ = try sessions([], andThen: rubbish)
    }

    @Test func `is in no file that is missing or too long`() throws {
        #expect(throws: Errno.noSuchFileOrDirectory) { try LoginSession.all(in: path) }
        try Data(count: 5 << 20).write(to: URL(fileURLWithPath: path))
        #expect(throws: Errno.fileTooLarge) { try LoginSession.all(in: path) }
    }
}

@Suite struct `A terminal` {
    @Test func `is told lines with a bell, and no control character of theirs`() throws {
        let terminal = try PseudoTerminal()
        try Terminal.tell(["one\u{1B}[2J\n\u{9B}", "two"], on: terminal.name)
        #expect(terminal.text().contains("\u{7}\r"))
        try Terminal.tell(["one\u{1B}[2J\n\u{9B}", "two"], on: terminal.name)
        let text = terminal.text()
        #expect(
            text.hasSuffix("one?[2J???\r\r\ntwo\r\r\n") || text.hasSuffix("one?[2J???\r\ntwo\r\n")
        )
        #expect(!text.contains("\u{1B}"))
    }

    @Test(arguments: [
        "pts/", "pts/x", "pts/../null", "pts/1/", "pts/ptmx", "/dev/pts/0", "tty1", "null", "",
        "pts/-1", "pts/12345678901", "pts/\u{661}", "../run/x", "pts/0\u{0}",
    ])
    func `of no such name is not opened`(name: String) {
        #expect(throws: Errno.invalidArgument) { try Terminal.tell(["text"], on: name) }
    }

    @Test func `that is gone is told nothing`() {
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try Terminal.tell(["text"], on: "pts/2147483647")
        }
    }

    @Test func `that takes nothing is not waited for`() throws {
        let terminal = try PseudoTerminal()
        try terminal.stop()
        #expect(throws: Errno.resourceTemporarilyUnavailable) {
            try Terminal.tell(["text"], on: terminal.name)
        }
    }
}
