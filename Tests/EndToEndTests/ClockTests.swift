import Auditing
import Foundation
import StrictJSON
import TestSupport
import Testing

/// A host whose wall clock is an hour behind what its log has seen.
private struct LateHost {
    let host: AgentHost

    init() throws {
        host = try AgentHost()
        var log = try EarlierLog(of: host, before: -3600)
        try log.append([AuditEntry(.agentStarted, "The agent runs")])
    }

    /// The seconds that the agent's time is ahead of the wall clock: the log begins before this
    /// boot.
    private var lead: Double {
        3600 + ProcessInfo.processInfo.systemUptime
    }

    /// A moment on the agent's time.
    func moment(in seconds: Double) -> String {
        Date(timeIntervalSinceNow: lead + seconds).formatted(.iso8601)
    }

    /// Restarts the agent and looks whether the grant is still open.
    func expectOpenOverRestart() throws {
        try eventually { try host.openings().count == 1 }
        host.stop()
        try host.start()
        #expect(try host.records("grant-closed").isEmpty)
        #expect(try host.openings().count == 1)
    }
}

@Suite struct `A wall clock behind the log` {
    @Test func `ends no grant early that holds as long as policy allows`() throws {
        let scene = try LateHost()
        try scene.host.start()
        let expires = scene.moment(in: 2.5 * 3600)
        try scene.host.submit(
            scene.host.grant(changes: [.init("expires", .string(expires))]),
            as: "a.grant"
        )
        try scene.expectOpenOverRestart()
    }

    @Test func `ends no grant whose signer may sign since then`() throws {
        let scene = try LateHost()
        let begin = scene.moment(in: -60).filter { $0.isNumber || $0 == "Z" }
        let key = try scene.host.key.publicLine
        try scene.host.write("dana valid-after=\"\(begin)\" \(key)\n", to: "allowed_signers")
        try scene.host.start()
        let expires = scene.moment(in: 600)
        try scene.host.submit(
            scene.host.grant(changes: [.init("expires", .string(expires))]),
            as: "a.grant"
        )
        try scene.expectOpenOverRestart()
    }
}
