import Foundation
import Grants
import StrictJSON
import TestSupport
import Testing

/// A host whose wall clock can be set, as far as its agent sees.
private struct SettableHost {
    let host: AgentHost
    private let clock: String

    init() throws {
        host = try AgentHost()
        clock = host.path + "/clock"
        try unsafe #require(mkfifo(clock, 0o600) == 0)
        try launch()
    }

    func launch() throws {
        let before = try host.records("agent-started").count
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "SET_CLOCK": clock])
        try eventually { try host.records("agent-started").count > before }
        try eventually { try host.jitgate("status").status == 0 }
    }

    /// Sets the wall clock forward, and waits until that is on record.
    func set(by seconds: Int) throws {
        let before = try host.records("clock-stepped").count
        try Data("\(seconds)\n".utf8).write(to: URL(fileURLWithPath: clock))
        try eventually { try host.records("clock-stepped").count > before }
    }

    func status() throws -> JSONValue {
        try JSONNode.parse(host.jitgate("status", "--json").output).value
    }

    /// A moment on the right clock.
    func moment(in seconds: Double) -> JSONValue {
        let now = Date().timeIntervalSince1970
        return .string(Moment(microseconds: Int64((now + seconds) * 1_000_000)).description)
    }

    func expectSoundLog() throws {
        let outcome = try host.jitgate("audit", "verify")
        #expect(outcome.status == 0, "\(outcome)")
    }
}

private let tenYears = 3650 * 86_400

@Suite struct `A wall clock that was set forward` {
    @Test func `moves the kernel's own timeouts to the deadlines, there and back`() throws {
        let scene = try SettableHost()
        let host = scene.host
        try host.submit(host.grant(lasting: 7200), as: "a.grant")
        try eventually { try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 > 7000 }
        try scene.set(by: 3600)
        try eventually { try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? .max <= 3600 }
        #expect(try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 > 3000)
        try scene.set(by: -3600)
        try eventually { try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 > 6600 }
        #expect(try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? .max <= 7200)
        #expect(try host.records("clock-accepted").count == 1)
        #expect(try host.records("grant-closed").isEmpty)
        try scene.expectSoundLog()
    }

    @Test(arguments: [false, true])
    func `for a moment locks nobody out`(overRestart: Bool) throws {
        let scene = try SettableHost()
        let host = scene.host
        try scene.set(by: tenYears)
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.reasons("grant-refused").count == 1 }
        if overRestart {
            // The library knows no step any more: the clock was put right meanwhile.
            host.kill()
            try scene.launch()
        } else {
            try scene.set(by: -tenYears)
        }
        // The same file, which was refused as out of date.
        try eventually { try host.openings().count == 1 }
        let accepted = try #require(host.records("clock-accepted").first)
        let time = try Moment(parsing: accepted["JITGATE_CLOCK"]?.text ?? "")
        #expect(time < Moment(microseconds: Int64(Date().timeIntervalSince1970 + 1) * 1_000_000))
        #expect(accepted["JITGATE_ACTOR"] == nil)
        #expect(try scene.status()["healthy"] == true)
        try scene.expectSoundLog()
    }

    @Test func `opens nothing before its time, over a restart either`() throws {
        let scene = try SettableHost()
        let host = scene.host
        let later = try host.grant(
            lasting: 7200,
            changes: [.init("not_before", scene.moment(in: 1800))]
        )
        try host.submit(later, as: "a.grant")
        try eventually { try host.records("grant-accepted").count == 1 }
        try scene.set(by: 1801)
        try host.submit(host.grant(lasting: 7200), as: "b.grant")
        try eventually { try host.records("grant-opened").count == 1 }
        host.stop()
        try scene.launch()
        try scene.set(by: 1801)
        try host.submit(host.grant(lasting: 7200), as: "c.grant")
        try eventually { try host.records("grant-opened").count == 2 }
        #expect(try host.jitgate("list").text.contains("waiting"))
    }

    @Test func `behind an opening stays where it was until root takes the wall clock's word`()
        throws
    {
        let scene = try SettableHost()
        let host = scene.host
        try scene.set(by: tenYears)
        // A grant that expires after the held time still opens.
        let far = scene.moment(in: Double(tenYears) + 600)
        try host.submit(host.grant(changes: [.init("expires", far)]), as: "a.grant")
        try eventually { try host.openings().count == 1 }
        try scene.set(by: -tenYears)
        try host.submit(host.grant(), as: "b.grant")
        try eventually { try host.reasons("grant-refused").count == 1 }
        let held = try scene.status()
        #expect(held["healthy"] == false)
        #expect(held["held_time"]?["seconds"]?.number ?? 0 > Int64(tenYears - 600))
        let since = try #require(held["held_time"]?["since"]?.number)
        let records = try host.records()
        let record = try #require(records.first { $0["JITGATE_SEQ"]?.text == "\(since)" })
        let stamps = records.map { $0["__REALTIME_TIMESTAMP"]?.text ?? "" }
        #expect(record["__REALTIME_TIMESTAMP"]?.text == stamps.max())
        #expect(try host.jitgate("doctor").text.contains("sudo jitgate clock accept"))
        // Over a restart, too.
        host.kill()
        try scene.launch()
        #expect(try scene.status()["healthy"] == false)
        let accepted = try host.jitgate("clock", "accept")
        #expect(accepted.status == 0, "\(accepted)")
        #expect(try host.reasons("grant-closed") == ["clock"])
        #expect(try host.records("clock-accepted").last?["JITGATE_ACTOR"]?.text == "uid:0")
        // The file that was refused for its time is good now.
        try eventually { try host.records("grant-opened").count == 2 }
        try eventually { try host.openings().count == 1 }
        #expect(try scene.status()["healthy"] == true)
        #expect(try host.jitgate("clock", "accept").status == 1)
        host.kill()
        try scene.launch()
        #expect(try scene.status()["held_time"] == JSONValue.null)
        #expect(try host.openings().count == 1)
        try scene.expectSoundLog()
    }
}
