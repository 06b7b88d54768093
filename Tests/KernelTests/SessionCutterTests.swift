import Connections
import Glibc
import Grants
import TestSupport
import Testing

@Suite struct `Cutting sessions` {
    @Test(arguments: ["192.0.2.", "2001:db8::"])
    func `resets those of a closed opening alone`(network: String) throws {
        let scene = try CuttingScene()
        let address = CuttingScene.server(for: network)
        let ports = try [22, 2200].map {
            try TestSocket.bound(SOCK_STREAM, in: scene.server, to: address, port: $0)
        }
        let closed = try (0..<3).map { _ in
            try scene.session(from: network + "7", at: ports[0])
        }
        let foreign = try scene.session(from: network + "8", at: ports[0])
        let elsewhere = try scene.session(from: network + "7", at: ports[1])
        let report = try scene.cut([network + "7"])
        #expect(report.sockets == 3)
        #expect(report.problems.isEmpty)
        for session in closed { #expect(session.client.ending(within: 10_000) == ECONNRESET) }
        #expect(foreign.lives && elsewhere.lives)
        #expect(try scene.session(from: network + "7", at: ports[0]).lives)
    }

    @Test func `finds IPv4 peers of what listens for both families`() throws {
        let scene = try CuttingScene()
        let listener = try scene.listen()
        let session = try scene.session(from: "192.0.2.7", at: listener)
        let other = try scene.session(from: "2001:db8::7", at: listener)
        #expect(try scene.cut(["192.0.2.0/28"]).sockets == 1)
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(other.lives)
    }

    @Test func `leaves alone whoever is covered by something else`() throws {
        let scene = try CuttingScene()
        let listener = try scene.listen()
        let sessions = try ["192.0.2.7", "192.0.2.8"].map {
            try scene.session(from: $0, at: listener)
        }
        let covered = try Address(parsing: "192.0.2.8")
        let port = try Port(parsing: "22/tcp")
        let report = try scene.cut(["192.0.2.0/24"]) { $0.address == covered && $1 == port }
        #expect(report.sockets == 1)
        #expect(sessions[0].client.ending(within: 10_000) == ECONNRESET)
        #expect(sessions[1].lives)
    }

    @Test(arguments: ["192.0.2.1", "2001:db8::1"])
    func `leaves alone what the host says to itself`(address: String) throws {
        let scene = try CuttingScene()
        let listener = try scene.listen()
        let client = try TestSocket.connected(
            in: scene.server,
            from: address,
            to: address,
            port: 22
        )
        let accepted = try listener.accept()
        let network = address.contains(":") ? "2001:db8::/64" : "192.0.2.0/24"
        #expect(try scene.cut([network]) == CutReport())
        #expect(client.reaches(accepted))
    }

    @Test(arguments: ["192.0.2.7", "2001:db8::7"])
    func `ends connected UDP sockets, but not those that wait for anybody`(source: String) throws {
        let scene = try CuttingScene()
        let address = CuttingScene.server(for: source)
        let client = try scene.connect(SOCK_DGRAM, from: source, to: 3389)
        let bound = try (0..<2).map { number in
            let port: UInt16 = number == 0 ? 3389 : 3390
            return try TestSocket.bound(SOCK_DGRAM, in: scene.server, to: address, port: port)
        }
        try bound[0].connect(to: source, port: client.port)
        #expect(try scene.cut([source], "3390/udp").sockets == 0)
        #expect(try scene.cut([source], "3389/udp").sockets == 1)
        #expect(bound[0].ending(within: 10_000) == ECONNABORTED)
        #expect(bound[1].ending(within: 0) == nil)
    }

    @Test func `takes many sessions and many openings at once`() throws {
        let scene = try CuttingScene()
        let listener = try scene.listen()
        let sessions = try (0..<600).map { _ in
            try scene.session(from: "192.0.2.7", at: listener)
        }
        let others = (0..<10_000).map { "10.0.\($0 / 256).\($0 % 256)/32" }
        #expect(try scene.cut(others + ["192.0.2.7/32"]).sockets == 600)
        #expect(sessions.allSatisfy { $0.client.ending(within: 10_000) == ECONNRESET })
    }

    @Test func `takes sessions at several ports at once, each by its own sources`() throws {
        let scene = try CuttingScene()
        // A rule that asks conntrack has it track.
        let rules = "table inet t { chain c { type filter hook input priority 0; ct state new; }; }"
        try scene.server.command("nft", "-f", "-", input: rules)
        let listeners = try [22, 3389, 8022].map { try scene.listen($0) }
        let ended = try [
            scene.session(from: "192.0.2.7", at: listeners[0]),
            scene.session(from: "2001:db8::7", at: listeners[0]),
            scene.session(from: "192.0.2.8", at: listeners[1]),
        ]
        let others = try [
            scene.session(from: "192.0.2.8", at: listeners[0]),
            scene.session(from: "192.0.2.7", at: listeners[1]),
            scene.session(from: "192.0.2.7", at: listeners[2]),
        ]
        let report = try scene.cut([
            ("192.0.2.7/32", "22/tcp"), ("2001:db8::/64", "22/tcp"), ("192.0.2.8/32", "3389/tcp"),
            ("192.0.2.7/32", "3389/udp"),
        ])
        #expect(report.sockets == 3)
        #expect(report.problems.isEmpty)
        #expect(ended.allSatisfy { $0.client.ending(within: 10_000) == ECONNRESET })
        #expect(others.allSatisfy { $0.client.reaches($0.server) })
    }

    @Test func `does nothing about connections where none is tracked`() throws {
        let scene = try CuttingScene()
        let report = try scene.cut(["192.0.2.7/32", "2001:db8::7/128"])
        #expect(report == CutReport())
        #expect(try scene.trackedCount() == 0)
    }
}
