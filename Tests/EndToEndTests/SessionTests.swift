import AgentInterface
import Conditions
import Connections
import Foundation
import Glibc
import Grants
import StrictJSON
import Synchronization
import TestSupport
import Testing
import Varlink

@Suite struct `A session` {
    @Test(arguments: ["192.0.2.7", "2001:db8::7"])
    func `is reset at the deadline, at both ends`(source: String) throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        try scene.open([source + (source.contains(":") ? "/128" : "/32")], lasting: 1.5)
        let session = try scene.session(from: source, at: listener)
        #expect(session.client.reaches(session.server))
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        let reset = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        #expect(session.server.ending(within: 10_000) == ECONNABORTED)
        let opened = try #require(try scene.host.records("grant-opened").first)
        let deadline = try Moment(parsing: try #require(opened["JITGATE_DEADLINE"]?.text))
        #expect(reset - deadline > .milliseconds(-5))
        try eventually { try scene.host.reasons("grant-closed") == ["expired"] }
    }

    @Test func `is recorded when it begins, and counted when its grant ends`() throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        let (dana, wide) = (UUID(), UUID())
        try scene.open(["192.0.2.7/32"], id: dana)
        try scene.open(["192.0.2.0/24"], id: wide)
        let sessions = try ["192.0.2.7", "192.0.2.8"].map {
            try scene.session(from: $0, at: listener)
        }
        try eventually { try scene.host.records("grant-used").count == 2 }
        let used = try scene.host.records("grant-used")
        #expect(used[0]["JITGATE_PEER"]?.text == "192.0.2.7:\(sessions[0].client.port)")
        #expect(used[0]["JITGATE_PORTS"]?.text == "22/tcp")
        #expect(used[0]["JITGATE_GRANT"]?.items?.count == 2)
        #expect(used[1]["JITGATE_PEER"]?.text == "192.0.2.8:\(sessions[1].client.port)")
        #expect(used[1]["JITGATE_GRANT"]?.text == wide.uuidString.lowercased())
        try FileManager.default.removeItem(atPath: scene.host.drop + "/\(wide).grant")
        try eventually { try scene.host.records("grant-closed").count == 1 }
        let closed = try scene.host.records("grant-closed")[0]
        #expect(closed["JITGATE_CONNECTIONS"]?.text == "2")
    }

    @Test(arguments: [true, false])
    func `is counted over a restart of the agent`(hasSnapshot: Bool) throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        let id = UUID()
        try scene.open(["192.0.2.0/24"], id: id)
        let first = try scene.session(from: "192.0.2.7", at: listener)
        try eventually { try scene.host.records("grant-used").count == 1 }
        if hasSnapshot { scene.host.stop() } else { scene.host.kill() }
        try scene.host.start()
        let second = try scene.session(from: "192.0.2.8", at: listener)
        try eventually { try scene.host.records("grant-used").count == 2 }
        try scene.host.remove("\(id).grant")
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(try scene.host.records("grant-closed")[0]["JITGATE_CONNECTIONS"]?.text == "2")
        withExtendedLifetime((first, second)) {}
    }

    @Test func `lives on while another grant covers it`() throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        let id = UUID()
        try scene.open(["192.0.2.0/24"], id: id)
        try scene.open(["192.0.2.7/32"])
        let covered = try scene.session(from: "192.0.2.7", at: listener)
        let other = try scene.session(from: "192.0.2.8", at: listener)
        try scene.host.submit(scene.host.revocation(of: id), as: "r.grant")
        #expect(other.client.ending(within: 10_000) == ECONNRESET)
        #expect(covered.client.reaches(covered.server))
        #expect(covered.server.reaches(covered.client))
    }

    @Test func `goes on after the deadline where policy drains, but is revoked`() throws {
        let scene = try SessionScene { $0 + "\n[defaults]\non_expiry = \"drain\"\n" }
        let listener = try scene.listen()
        try scene.open(["192.0.2.7/32"], lasting: 1.5)
        let draining = try scene.session(from: "192.0.2.7", at: listener)
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(draining.client.reaches(draining.server))
        let id = UUID()
        try scene.open(["192.0.2.8/32"], id: id)
        let revoked = try scene.session(from: "192.0.2.8", at: listener)
        try scene.host.submit(scene.host.revocation(of: id), as: "r.grant")
        #expect(revoked.client.ending(within: 10_000) == ECONNRESET)
        #expect(draining.server.reaches(draining.client))
    }

    @Test func `is cut by the next agent if its grant's file went while there was none`() throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        let id = UUID()
        try scene.open(["192.0.2.7/32"], id: id)
        let session = try scene.session(from: "192.0.2.7", at: listener)
        scene.host.kill()
        #expect(session.client.reaches(session.server))
        try FileManager.default.removeItem(atPath: scene.host.drop + "/\(id).grant")
        try scene.host.start()
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
    }

    @Test func `is left alone in observe mode, and told of as one that would be denied`() throws {
        let scene = try SessionScene {
            $0.replacingOccurrences(of: "\"enforce\"", with: "\"observe\"")
        }
        let listener = try scene.listen()
        let session = try scene.session(from: "192.0.2.8", at: listener)
        try eventually { try !scene.host.records("attempt-denied").isEmpty }
        let record = try scene.host.records("attempt-denied")[0]
        #expect(record["JITGATE_PEER"]?.text == "192.0.2.8:\(session.client.port)")
        #expect(record["JITGATE_PORTS"]?.text == "22/tcp")
        #expect(record["MESSAGE"]?.text?.contains("would be denied") == true)
        #expect(session.client.reaches(session.server))
    }

    @Test func `that is denied gets a record, and a flood of them few that speak for all`() throws {
        let scene = try SessionScene()
        let socket = try scene.connect(SOCK_DGRAM, from: "192.0.2.8", to: 3389)
        let start = ContinuousClock.now
        for _ in 0..<5000 { socket.send() }
        var sent = 5000
        // The kernel's count is asked for once a second, when a packet comes.
        try eventually {
            socket.send()
            sent += 1
            return try comesToBeSo(within: .milliseconds(300)) { try told(scene) == sent }
        }
        let records = try scene.host.records("attempt-denied")
        let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 1
        #expect(records.count <= 20 + 10 * seconds + 1)
        #expect(records[0]["JITGATE_PEER"]?.text == "192.0.2.8:\(socket.port)")
        #expect(records[0]["JITGATE_PORTS"]?.text == "3389/udp")
    }

    /// Of how many denied packets the log tells.
    private func told(_ scene: SessionScene) throws -> Int {
        let records = try scene.host.records("attempt-denied")
        let missed = records.compactMap { $0["JITGATE_MISSED"]?.text }.compactMap { Int($0) }
        return records.count + missed.reduce(0, +)
    }

    @Test func `goes unrecorded, and status says so, while another program has the log`() throws {
        let scene = try SessionScene(starting: false)
        var holder: LogHolder? = try scene.host.namespace.run { try LogHolder(22) }
        try scene.host.start()
        try scene.open(["192.0.2.7/32"])
        let client = try VarlinkClient.connecting(to: scene.host.path + "/control")
        let condition = try #require(try client.call(AgentInterface.status).conditions.first)
        #expect(condition.code == "packet-log-taken" && condition.subject == "NFLOG group 22")
        #expect(condition.remedy?.contains("audit.log_group") == true && condition.since != nil)
        withExtendedLifetime(holder) {}
        holder = nil
        // It is tried again every few seconds.
        try eventually { try client.call(AgentInterface.status).isHealthy }
        let session = try scene.session(from: "192.0.2.7", at: try scene.listen())
        try eventually { try scene.host.records("grant-used").count == 1 }
        withExtendedLifetime(session) {}
    }
}

/// Another program that listens to an NFLOG group.
private final class LogHolder: Sendable {
    private let log: Mutex<PacketLog>

    init(_ group: UInt16) throws {
        log = Mutex(try PacketLog(group: group))
    }
}
