import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct `A session that could be MPTCP's` {
    @Test func `is plain TCP under a grant, and so reset at both ends`() throws {
        let scene = try SessionScene()
        let listener = try TestSocket.multipath(in: scene.server, to: "192.0.2.1", port: 22)
        let id = UUID()
        try scene.open(["192.0.2.7/32"], id: id)
        let client = try TestSocket.multipath(
            in: scene.client,
            from: "192.0.2.7",
            to: "192.0.2.1",
            port: 22
        )
        let session = Session(client: client, server: try listener.accept())
        #expect(session.lives)
        let outcome = try scene.host.jitgate("revoke", "\(id)", "--reason", "out")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(session.client.ending(within: 10_000) == ECONNRESET)
        #expect(session.server.ending(within: 10_000) == ECONNABORTED)
    }
}
