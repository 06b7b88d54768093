import Connections
import Enforcement
import Foundation
import Grants
import TestSupport
import Testing

private func drainingShape() throws -> FirewallPolicy {
    var shape = try shape()
    shape.drains = true
    return shape
}

private func keepingShape(denies: Bool) throws -> FirewallPolicy {
    var shape = try shape(denies: denies)
    shape.keepExisting = .seconds(60)
    return shape
}

extension GateScene {
    fileprivate func existing() throws -> [OngoingSession] {
        let port = try Port(parsing: "22/tcp")
        return try server.run {
            var sessions = try SessionList()
            return try sessions.sessions(at: [port]).compactMap {
                OngoingSession(peer: $0.peer.address, peerPort: $0.peer.port, port: port)
            }
        }
    }

    /// Ends an opening, and lets what came in by it go on.
    fileprivate func drain(_ open: Opening, for length: Duration) throws {
        let sessions = Dictionary(uniqueKeysWithValues: try existing().map { ($0, length) })
        try gate.call { try $0.commit([open: nil], sessions: sessions.mapValues { $0 }) }
    }

    /// Two ends of UDP that know of each other.
    fileprivate func datagrams(from source: String) throws -> Session {
        let target = Self.server(for: source)
        let server = try TestSocket.bound(SOCK_DGRAM, in: server, to: target, port: 3389)
        let client = try connect(SOCK_DGRAM, from: source, to: 3389)
        try server.connect(to: source, port: client.port)
        return Session(client: client, server: server)
    }
}

@Suite struct `A session through the gate` {
    static let sources = ["192.0.2.7", "2001:db8::7"]

    @Test(arguments: sources)
    func `is cut at the end of its opening`(source: String) throws {
        let scene = try GateScene()
        let open = try opening(source)
        try scene.gate.install(shape(), open: [open: .seconds(60)])
        let session = try scene.session(from: source, at: scene.listen())
        #expect(session.lives)
        try scene.gate.commit([open: nil])
        #expect(!session.client.reaches(session.server))
    }

    @Test(arguments: sources)
    func `goes on past its opening for as long as it may, and lets nothing new in`(
        source: String
    ) throws {
        let scene = try GateScene()
        let open = try opening(source)
        try scene.gate.install(drainingShape(), open: [open: .seconds(60)])
        let session = try scene.session(from: source, at: scene.listen())
        try scene.drain(open, for: .seconds(60))
        #expect(session.lives)
        #expect(try !scene.reaches(from: source))
        // A flush of conntrack ends none of them.
        try scene.server.command("conntrack", "-F")
        #expect(session.lives)
        // Another agent, another policy: still on its own, then not any more.
        try scene.gate.install(drainingShape())
        #expect(session.lives)
        try scene.gate.install(shape())
        #expect(!session.client.reaches(session.server))
    }

    @Test(arguments: sources)
    func `ends at its limit with nobody there to end it`(source: String) throws {
        let scene = try GateScene()
        let open = try opening(source)
        try scene.gate.install(drainingShape(), open: [open: .seconds(60)])
        let session = try scene.session(from: source, at: scene.listen())
        try scene.drain(open, for: .seconds(2))
        #expect(session.lives)
        try eventually { !session.client.reaches(session.server) }
    }

    @Test(arguments: sources)
    func `that drains is cut by a revocation`(source: String) throws {
        let scene = try GateScene()
        let open = try opening(source)
        try scene.gate.install(drainingShape(), open: [open: .seconds(60)])
        let session = try scene.session(from: source, at: scene.listen())
        try scene.drain(open, for: .seconds(60))
        let report = try scene.server.run {
            var cutter = try SessionCutter()
            return cutter.cut([open]) { _, _ in false }
        }
        #expect(report.sockets == 1)
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
    }

    @Test(arguments: sources)
    func `that was seen while nothing was denied goes on when denying begins`(
        source: String
    ) throws {
        let scene = try GateScene()
        try scene.gate.install(keepingShape(denies: false))
        let session = try scene.session(from: source, at: scene.listen())
        try scene.gate.install(keepingShape(denies: true), existing: scene.existing())
        #expect(session.lives)
        #expect(try !scene.reaches(from: source))
        try scene.gate.install(keepingShape(denies: true), open: [:])
        #expect(session.lives)
    }

    @Test(arguments: sources)
    func `that is older than the gate goes on when the gate denies from the start`(
        source: String
    ) throws {
        let scene = try GateScene()
        let listener = try scene.listen()
        let session = try scene.session(from: source, at: listener)
        try scene.gate.install(keepingShape(denies: true), existing: scene.existing())
        #expect(session.lives)
        #expect(try !scene.reaches(from: source))
        // The same end of the same peer opens nothing new.
        let port = session.client.port
        try scene.gate.install(keepingShape(denies: true))
        #expect(session.lives)
        #expect(try scene.listing.contains("\(source) . \(port) . 22"))
    }

    @Test(arguments: sources, [true, false])
    func `over UDP neither drains nor is kept: it has no end`(
        source: String,
        drains: Bool
    ) throws {
        let scene = try GateScene()
        let open = try Opening(source: opening(source).source, port: Port(parsing: "3389/udp"))
        var shape = try keepingShape(denies: drains)
        shape.drains = drains
        try scene.gate.install(shape, open: drains ? [open: .seconds(60)] : [:])
        let session = try scene.datagrams(from: source)
        #expect(session.lives)
        if drains {
            try scene.gate.commit([open: nil])
        } else {
            try scene.gate.install(keepingShape(denies: true))
        }
        #expect(!session.client.reaches(session.server))
        // What the server still sends makes no replies of what comes.
        session.server.send()
        #expect(!session.client.reaches(session.server))
    }

    @Test func `that was there is cut where policy does not keep it`() throws {
        let scene = try GateScene()
        let session = try scene.session(from: "192.0.2.7", at: scene.listen())
        try scene.gate.install(shape(), existing: scene.existing())
        #expect(!session.client.reaches(session.server))
    }
}
