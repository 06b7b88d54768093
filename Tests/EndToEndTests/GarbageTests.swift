import Foundation
import StrictJSON
import TestSupport
import Testing

extension AgentHost {
    /// Puts files that say nothing into the drop directory.
    fileprivate func submitGarbage(_ count: Int, named prefix: String) throws {
        for number in 0..<count {
            try submit(Array("\(number) {\n".utf8), as: "\(prefix)\(number).grant")
        }
    }

    /// The number of refused files by the log: each by a record, or counted by one.
    fileprivate func refusedFiles() throws -> Int {
        try records("grant-refused").reduce(0) { sum, record in
            sum + (record["JITGATE_MISSED"]?.text.flatMap { Int($0) } ?? 1)
        }
    }

    /// The number of the record that counts files without one.
    fileprivate func tally() throws -> Int? {
        try records("grant-refused").first { $0["JITGATE_MISSED"] != nil }.map(Self.number)
    }

    fileprivate static func number(_ record: JSONValue) -> Int {
        record["JITGATE_SEQ"]?.text.flatMap { Int($0) } ?? -1
    }
}

@Suite struct `Files that say nothing` {
    private static let many = 1500

    @Test func `leave few records, which account for all of them`() throws {
        let host = try AgentHost()
        try host.start()
        host.send(SIGSTOP)
        try host.submitGarbage(Self.many, named: "")
        host.send(SIGCONT)
        try eventually { try host.refusedFiles() == Self.many }
        #expect(try host.records("grant-refused").count <= 1010)
        let refused = try host.conditions("warning").filter { $0.contains("refused") }
        #expect(refused.count == 9)
        #expect(refused.last?.contains("1492 other files refused too") == true)
    }

    @Test func `keep no grant waiting that comes after them, and no revocation`() throws {
        let host = try AgentHost()
        try host.start()
        let id = UUID()
        try host.submit(host.grant(id: id), as: "old.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        host.send(SIGSTOP)
        try host.submitGarbage(Self.many, named: "a")
        try host.submit(host.grant(changes: [.init("sources", ["198.51.100.7"])]), as: "new.grant")
        try host.submit(host.revocation(of: id), as: "stop.grant")
        host.send(SIGCONT)
        try eventually { try host.tally() != nil }
        let tally = try #require(try host.tally())
        let opened = try #require(try host.records("grant-opened").last)
        #expect(AgentHost.number(opened) < tally)
        let closed = try #require(try host.records("grant-closed").first)
        #expect(AgentHost.number(closed) < tally)
        #expect(try host.openings() == ["198.51.100.7 . tcp . 22"])
    }

    @Test func `keep no agent from starting, and nothing shut that was open`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "zzz.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        host.kill()
        try host.submitGarbage(Self.many, named: "a")
        // The file has another name by now: it is found when all others were read.
        unsafe #expect(rename(host.drop + "/zzz.grant", host.drop + "/zzzz.grant") == 0)
        try host.start()
        let started = try #require(try host.records("agent-started").last)
        try eventually { try host.tally() != nil }
        let tally = try #require(try host.tally())
        #expect(AgentHost.number(started) < tally)
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        #expect(try host.records("grant-closed").isEmpty)
        try host.remove("zzzz.grant")
        try eventually { try host.reasons("grant-closed") == ["removed"] }
        #expect(try host.openings().isEmpty)
    }

    @Test func `keep no grant open whose file went while there was no agent`() throws {
        let host = try AgentHost()
        try host.start()
        try host.submit(host.grant(), as: "zzz.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        host.kill()
        try host.submitGarbage(Self.many, named: "a")
        try host.remove("zzz.grant")
        try host.start()
        try eventually { try host.reasons("grant-closed") == ["removed"] }
        try eventually { try host.openings().isEmpty }
    }
}
