import Auditing
import Testing
import Transparency

@Suite struct `A message to the journal` {
    @Test func `has a line for each value`() {
        let bytes = JournalEncoding.encode([("A", ["1"]), ("B", ["x=y", ""]), ("C", [])])
        #expect(String(decoding: bytes, as: UTF8.self) == "A=1\nB=x=y\nB=\n")
    }

    @Test(arguments: ["a\nb", "\u{1B}[2J", "\0", "tab\t", "\u{7F}", "\r\n"])
    func `says how long a value is that a line cannot hold`(value: String) {
        let length = [UInt8(value.utf8.count)] + [UInt8](repeating: 0, count: 7)
        let expected = Array("F\n".utf8) + length + Array(value.utf8) + Array("\n".utf8)
        #expect(JournalEncoding.encode([("F", [value])]) == expected)
    }

    @Test(arguments: [
        "", "1A", "a", "A B", "A=B", "A\nMESSAGE", "Ä", "A\0", String(repeating: "A", count: 65),
    ])
    func `leaves out what has no name that the journal takes`(name: String) {
        #expect(JournalEncoding.encode([(name, ["v"])]).isEmpty)
    }

    @Test(arguments: ["A", "_A1", "__REALTIME_TIMESTAMP", String(repeating: "A", count: 64)])
    func `keeps what has one`(name: String) {
        #expect(JournalEncoding.isName(name))
    }

    @Test func `of a checkpoint holds the note whole and says its size and root`() {
        let note = "jitgate/web-1\n42\nAAAA=\n\n— jitgate/web-1 abcd\n"
        let text = String(
            decoding: JournalNotice.checkpoint(note: note).journalMessage,
            as: UTF8.self
        )
        #expect(text.contains("MESSAGE=Checkpoint of the audit log: 42 records, root AAAA=\n"))
        #expect(text.hasSuffix(note + "\n"))
        let other = JournalNotice.checkpoint(note: "?").journalMessage
        #expect(
            String(decoding: other, as: UTF8.self).contains("MESSAGE=Checkpoint of the audit log\n")
        )
    }

    @Test func `has an identity of its own for each kind`() {
        let notices: [JournalNotice] = [
            .missed(count: 1, first: 2, last: 3, log: "/l"), .checkpoint(note: ""),
        ]
        let ids = AuditEvent.allCases.map(\.messageID) + notices.map(\.messageID)
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
    }
}
