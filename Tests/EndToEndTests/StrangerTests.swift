import Foundation
import Glibc
import StrictJSON
import TestSupport
import Testing

extension SessionScene {
    /// A host whose log has bounds of its own.
    fileprivate static func bounded(_ keys: String) throws -> SessionScene {
        try SessionScene { $0.replacingOccurrences(of: "[audit]", with: "[audit]\n\(keys)") }
    }

    /// A segment from an address of the client's network that nobody has.
    fileprivate func spoof(_ flags: UInt8, from source: String = "192.0.2.9") throws {
        try TestPacket(
            from: (source, 40_000),
            to: ("192.0.2.1", 22),
            flags: flags,
            sequence: flags == TestPacket.Flag.synchronize ? 1 : 2,
            acknowledging: 7
        )
        .send(in: client)
    }

    /// The number of packets or connections that records of a kind tell of or speak for.
    fileprivate func told(_ event: String) throws -> Int {
        try host.records(event).reduce(0) { $0 + 1 + $1.missed }
    }

    fileprivate func withoutTracking() throws {
        try host.namespace.command(
            "nft",
            """
            add table inet r
            add chain inet r in { type filter hook prerouting priority raw; }
            add chain inet r out { type filter hook output priority raw; }
            add rule inet r in tcp dport 22 notrack
            add rule inet r out tcp sport 22 notrack
            """
        )
    }
}

extension JSONValue {
    fileprivate var missed: Int { self["JITGATE_MISSED"]?.text.flatMap { Int($0) } ?? 0 }
}

@Suite struct `What strangers leave on record` {
    @Test func `leaves room on a small disk for grants`() throws {
        let host = try AgentHost()
        let disk = try SmallDisk(at: host.auditDirectory, kibibytes: 300)
        defer {
            host.kill()
            disk.remove()
        }
        let client = try Joined(server: host.namespace)
        try host.edit {
            let keys = "[audit]\ndenied_per_second = 1000\nstrangers_per_day = \"10G\""
            return $0.replacingOccurrences(of: "[audit]", with: keys)
        }
        try host.start()
        let flood = try client.connect(SOCK_DGRAM, from: "192.0.2.8", to: 3389)
        var size = 0
        // It grows, and then it does not, whatever comes.
        try eventually {
            let before = try host.records("attempt-denied").count
            for _ in 0..<2000 { flood.send() }
            size = try host.records("attempt-denied").count
            guard size > 50 else { return false }
            return try !comesToBeSo(within: .milliseconds(500)) {
                try host.records("attempt-denied").count > before
            }
        }
        try host.submit(host.grant(), as: "a.grant")
        try eventually { try host.openings() == ["192.0.2.7 . tcp . 22"] }
        for _ in 0..<2000 { flood.send() }
        try host.remove("a.grant")
        try eventually { try host.records("grant-closed").count == 1 }
        #expect(try host.jitgate("audit", "verify").status == 0)
    }

    @Test func `is a summary where their allowance is spent, and counts every packet`() throws {
        let scene = try SessionScene.bounded("strangers_per_day = \"1M\"\ndenied_per_second = 1000")
        let socket = try scene.connect(SOCK_DGRAM, from: "192.0.2.8", to: 3389)
        for _ in 0..<200 { socket.send() }
        try eventually { try !scene.host.records("attempt-denied").isEmpty }
        // Nobody waits a minute: what has no record gets one at the end.
        scene.host.stop()
        let summary = try #require(try scene.host.records("attempts-summary").last)
        #expect(summary["JITGATE_REASON"]?.text == "denied")
        #expect(summary["JITGATE_PORTS"]?.text == "3389/udp")
        let source = try #require(summary["JITGATE_MISSED_SOURCES"]?.text?.split(separator: " "))
        #expect(source[0] == "192.0.2.8" && Int(source[1]) == summary.missed)
        #expect(try scene.told("attempt-denied") + summary.missed == 200)
        // A quarter of an hour's worth is one network's.
        #expect(try scene.host.records("attempt-denied").count < 40)
        #expect(try scene.host.jitgate("audit", "verify").status == 0)
    }

    @Test func `names those that long headers hide`() throws {
        let scene = try SessionScene()
        // What conntrack knows needs no reading.
        try scene.withoutTracking()
        try scene.server.ip("link", "set", "veth0", "mtu", "9000")
        try scene.client.ip("link", "set", "veth1", "mtu", "9000")
        for (port, options) in [(UInt16(41_001), 208), (41_002, 6144)] {
            try TestPacket(
                from: ("2001:db8::8", port),
                to: ("2001:db8::1", 22),
                flags: TestPacket.Flag.synchronize,
                options: options
            )
            .send(in: scene.client)
        }
        try eventually { try scene.host.records("attempt-denied").count == 2 }
        let records = try scene.host.records("attempt-denied")
        #expect(records.map { $0["JITGATE_PEER"]?.text } == ["[2001:db8::8]:41001", "2001:db8::8"])
        #expect(records.map { $0["JITGATE_REASON"]?.text } == [nil, "ports-unread"])
    }
}

@Suite struct `The record of a use` {
    @Test(arguments: ["", "net.netfilter.nf_conntrack_tcp_be_liberal=1"])
    func `is of a connection that was completed, and not of a forged address`(
        setting: String
    ) throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        try scene.open(["192.0.2.0/24"])
        if !setting.isEmpty { try scene.host.namespace.command("sysctl", "-qw", setting) }
        try scene.spoof(TestPacket.Flag.synchronize)
        try scene.spoof(TestPacket.Flag.acknowledge)
        let session = try scene.session(from: "192.0.2.7", at: listener)
        try eventually { try scene.host.records("grant-used").count == 1 }
        #expect(session.lives)
        scene.host.stop()
        let used = try scene.host.records("grant-used").map { $0["JITGATE_PEER"]?.text }
        #expect(used == ["192.0.2.7:\(session.client.port)"])
    }

    @Test func `is made by a socket where conntrack leaves the port alone`() throws {
        let scene = try SessionScene()
        let listener = try scene.listen()
        let id = UUID()
        try scene.open(["192.0.2.0/24"], id: id)
        try scene.withoutTracking()
        let session = try scene.session(from: "192.0.2.7", at: listener)
        #expect(session.lives)
        try eventually { try scene.host.records("grant-used").count == 1 }
        try scene.spoof(TestPacket.Flag.synchronize)
        try scene.spoof(TestPacket.Flag.acknowledge)
        for _ in 0..<5 { #expect(session.lives) }
        // What nothing proves is looked for some times, and then told of as that.
        try eventually {
            scene.host.send(SIGHUP)
            return try scene.told("grant-used") == 1
        }
        try scene.host.remove("\(id).grant")
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(try scene.host.records("grant-closed")[0]["JITGATE_CONNECTIONS"]?.text == "1")
        #expect(try scene.told("grant-used") == 1)
    }

    @Test func `speaks for others where there is no room for theirs, by source`() throws {
        let scene = try SessionScene.bounded("strangers_per_day = \"1M\"")
        let listener = try scene.listen()
        let id = UUID()
        try scene.open(["192.0.2.0/24"], id: id)
        var sessions: [Session] = []
        for index in 0..<120 {
            let source = index == 119 ? "192.0.2.8" : "192.0.2.7"
            sessions.append(try scene.session(from: source, at: listener))
        }
        // The first use of a source is never left out.
        try eventually {
            try scene.host.records("grant-used").contains {
                $0["JITGATE_PEER"]?.text?.hasPrefix("192.0.2.8:") == true
            }
        }
        try scene.host.remove("\(id).grant")
        try eventually { try scene.host.records("grant-closed").count == 1 }
        #expect(try scene.told("grant-used") == 120)
        #expect(try scene.host.records("grant-used").count < 80)
        let speaker = try #require(try scene.host.records("grant-used").first { $0.missed > 0 })
        #expect(speaker["JITGATE_MISSED_SOURCES"]?.text?.hasPrefix("192.0.2.7 ") == true)
        #expect(try scene.host.records("grant-closed")[0]["JITGATE_CONNECTIONS"]?.text == "120")
        withExtendedLifetime(sessions) {}
    }
}

/// A host that others are joined with.
private struct Joined: JoinedHosts {
    let server: NetworkNamespace
    let client: NetworkNamespace

    init(server: NetworkNamespace) throws {
        self.server = server
        client = try Self.client(of: server)
    }
}
