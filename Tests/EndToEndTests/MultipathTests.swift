import Foundation
import Glibc
import TestSupport
import Testing

extension SessionScene {
    /// A session between sockets that both ask for MPTCP.
    fileprivate func multipathSession() throws -> Session {
        let listener = try TestSocket.multipath(in: server, to: "192.0.2.1", port: 22)
        let client = try TestSocket.multipath(
            in: self.client,
            from: "192.0.2.7",
            to: "192.0.2.1",
            port: 22
        )
        return Session(client: client, server: try listener.accept())
    }
}

@Suite struct `A session that could be MPTCP's` {
    @Test func `is plain TCP under a grant, and so reset at both ends`() throws {
        let scene = try SessionScene()
        let id = UUID()
        try scene.open(["192.0.2.7/32"], id: id)
        let session = try scene.multipathSession()
        #expect(session.lives)
        let outcome = try scene.host.jitgate("revoke", "\(id)", "--reason", "out")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(session.server.ending(within: 10_000) == ECONNABORTED)
    }

    @Test func `is plain TCP from a trusted network, and reset once that is trusted no longer`()
        throws
    {
        let trust = "trusted = [\"192.0.2.7/32\"]\n"
        let scene = try SessionScene { trust + $0 }
        let session = try scene.multipathSession()
        #expect(session.lives)
        try scene.host.edit { $0.replacing(trust, with: "") }
        #expect(try scene.host.jitgate("reload", "--force").status == 0)
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(session.server.ending(within: 10_000) == ECONNABORTED)
    }

    @Test func `and is older than the gate carries nothing any more once it may not`() throws {
        let scene = try SessionScene(starting: false) { "keep_existing = false\n" + $0 }
        let session = try scene.multipathSession()
        #expect(session.lives)
        try scene.host.start()
        // Its ends learn of it when MPTCP itself gives up: net.mptcp.close_timeout.
        #expect(!session.client.reaches(session.server))
        #expect(!session.server.reaches(session.client))
    }
}
