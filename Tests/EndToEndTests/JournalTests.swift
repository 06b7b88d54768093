import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `The agent's journal` {
    /// The fields of a record that are not journald's own.
    private func fields(_ record: JSONValue) -> [String: [String]] {
        guard case .object(let members) = record else { return [:] }
        let ours = members.map(\.name).filter { !$0.hasPrefix("_") }
        return Dictionary(ours.map { ($0, Journald.values($0, of: record)) }) { $1 }
    }

    @Test func `holds every field of every record, and the checkpoint when the agent stops`() throws
    {
        let journald = try Journald()
        let host = try AgentHost()
        try host.start(journal: journald)
        let id = UUID()
        try host.submit(host.grant(id: id), as: "a.grant")
        try host.submit(Array("hostile\n".utf8), as: "b.grant")
        try eventually { try !host.records("grant-refused").isEmpty }
        try FileManager.default.removeItem(atPath: host.drop + "/a.grant")
        try eventually { try !host.records("grant-closed").isEmpty }
        let note = "jitgate/web-1\n4\nAAAA=\n\n\u{2014} jitgate/web-1 abcd\n"
        let checkpoint = host.auditDirectory + "/checkpoint"
        if !FileManager.default.fileExists(atPath: checkpoint) {
            try Data(note.utf8).write(to: URL(fileURLWithPath: checkpoint))
        }
        host.stop()
        let about = try journald.entries("JITGATE_GRANT=\(id.uuidString.lowercased())")
        let events = about.compactMap { $0["JITGATE_EVENT"]?.text }
        #expect(events == ["grant-accepted", "grant-opened", "grant-closed"])
        let all = try journald.entries("SYSLOG_IDENTIFIER=jitgated", "_TRANSPORT=journal")
        for line in try Data(contentsOf: URL(fileURLWithPath: host.auditDirectory + "/audit.jsonl"))
            .split(separator: UInt8(ascii: "\n"))
        {
            let record = try JSONNode.parse(Array(line)).value
            let copy = try #require(
                all.first { $0["JITGATE_SEQ"]?.text == record["JITGATE_SEQ"]?.text }
            )
            for (name, values) in fields(record) {
                #expect(Journald.values(name, of: copy) == values, "\(name)")
            }
        }
        let last = try #require(all.last)
        let kept = try String(contentsOfFile: checkpoint, encoding: .utf8)
        #expect(Journald.values("JITGATE_CHECKPOINT", of: last) == [kept])
    }

    @Test
    func `gets a checkpoint an hour after a record, and the idle agent wakes for nothing else`()
        throws
    {
        let journald = try Journald()
        let host = try AgentHost()
        try host.start(journal: journald)
        let agent = try #require(host.agent).processIdentifier
        // The watch for steps of the wall clock never expires by itself.
        let timers = { Set(try Timers.armed(by: agent).filter { $0 < 1_000_000_000 }) }
        try eventually { try timers().count == 1 }
        let first = try #require(try timers().first)
        #expect((3500...3600).contains(first))
        try host.submit(Array("hostile\n".utf8), as: "b.grant")
        try eventually { try !host.records("grant-refused").isEmpty }
        try eventually { try timers().count == 1 }
        #expect(try #require(try timers().first) <= first)
    }

    @Test func `holds up nothing while it hangs, and then gets what it missed`() throws {
        let journald = try Journald()
        let host = try AgentHost()
        try host.start(journal: journald)
        journald.suspend()
        for number in 1...30 { try host.submit(host.grant(), as: "\(number).grant") }
        try eventually { try host.records("grant-opened").count == 30 }
        journald.resume()
        try eventually { try journald.entries("JITGATE_EVENT=grant-opened").count == 30 }
        let order = try journald.entries("SYSLOG_IDENTIFIER=jitgated", "_TRANSPORT=journal")
            .compactMap { $0["JITGATE_SEQ"]?.text.flatMap { Int($0) } }
        #expect(order == Array(0..<order.count))
    }
}
