import Foundation
import StrictJSON
import TestSupport
import Testing

@Suite struct `A machine that was suspended` {
    @Test func `holds nothing open for longer because the kernel's timeouts stood still`() throws {
        let host = try AgentHost()
        let machine = host.path + "/suspend"
        try unsafe #require(mkfifo(machine, 0o600) == 0)
        try host.launch(environment: ["LD_PRELOAD": AgentHost.faults, "SUSPEND": machine])
        try host.submit(host.grant(lasting: 7200), as: "long.grant")
        let short = try host.grant(
            lasting: 1800,
            changes: [.init("sources", ["198.51.100.7"])]
        )
        try host.submit(short, as: "short.grant")
        try eventually { try host.openings().count == 2 }
        #expect(try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 > 7000)
        try Data("3600\n".utf8).write(to: URL(fileURLWithPath: machine))
        try eventually { try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? .max <= 3600 }
        #expect(try host.timesLeft()["192.0.2.7 . tcp . 22"] ?? 0 > 3500)
        try eventually { try host.reasons("grant-closed") == ["expired"] }
        #expect(try host.openings() == ["192.0.2.7 . tcp . 22"])
        // Nobody set the clock.
        #expect(try host.records("clock-stepped").isEmpty)
    }
}
