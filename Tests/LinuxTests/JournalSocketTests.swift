import Auditing
import Grants
import Linux
import StrictJSON
import SystemPackage
import TestSupport
import Testing

@Suite struct `The journal's socket` {
    private static let record = Record(
        sequence: 7,
        stamp: RecordStamp(
            realtime: .init(microseconds: 1_796_126_400_000_000),
            boot: 5,
            bootID: String(repeating: "a", count: 32),
            machineID: String(repeating: "b", count: 32),
            hostname: "web-1"
        ),
        entry: AuditEntry(
            .grantOpened,
            "Opened for dana",
            fields: [
                .grant: ["0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"],
                .sources: ["192.0.2.7/32", "2001:db8::/56"],
                .justification: ["disk full\nMESSAGE=forged\n\u{1B}[2J"],
            ]
        )
    )

    @Test func `takes a record, field by field, to a real journald`() throws {
        let journald = try Journald()
        let socket = try JournalSocket(path: journald.socketPath)
        try socket.send(Self.record.journalMessage)
        let entries = try journald.entries("JITGATE_GRANT=0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11")
        let entry = try #require(entries.first)
        #expect(entries.count == 1)
        for (name, values) in Self.record.fields where !name.hasPrefix("_") {
            #expect(Journald.values(name, of: entry) == values)
        }
        #expect(try journald.entries("JITGATE_SOURCES=2001:db8::/56").count == 1)
        #expect(try journald.entries("MESSAGE=forged").isEmpty)
    }

    @Test(arguments: [1000, 200_000, 900_000])
    func `takes a message of any size`(size: Int) throws {
        let journald = try Journald()
        let socket = try JournalSocket(path: journald.socketPath)
        let text = String(repeating: "x", count: size)
        try socket.send(JournalEncoding.encode([("MESSAGE", [text]), ("PRIORITY", ["6"])]))
        let entries = try journald.entries(
            "PRIORITY=6",
            "_TRANSPORT=journal",
            "_COMM=\(try name())"
        )
        #expect(entries.contains { $0["MESSAGE"]?.text?.utf8.count == size })
    }

    /// The name of this process as the kernel has it.
    private func name() throws -> String {
        let bytes = try SmallFile.read("/proc/self/comm", limit: 64)
        return String(decoding: bytes.dropLast(), as: UTF8.self)
    }

    @Test func `never waits for a journald that is absent, hangs or was started anew`() throws {
        let journald = try Journald()
        let socket = try JournalSocket(path: journald.socketPath)
        let message = JournalEncoding.encode([("MESSAGE", ["m"]), ("JITGATE_GRANT", ["x"])])
        journald.suspend()
        #expect(throws: Errno.resourceTemporarilyUnavailable) {
            for _ in 0..<10_000 { try socket.send(message) }
        }
        journald.stop()
        #expect(throws: Errno.connectionRefused) { try socket.send(message) }
        try journald.start()
        try socket.send(message)
        #expect(try journald.entries("JITGATE_GRANT=x").count >= 1)
        let absent = try JournalSocket(path: journald.socketPath + ".absent")
        #expect(throws: Errno.noSuchFileOrDirectory) { try absent.send(message) }
    }
}
