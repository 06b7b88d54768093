import Foundation
import StrictJSON
import TestSupport
import Testing

/// Behind synproxy no SYN of a peer arrives itself: the kernel sends the listener one over loopback.
@Suite struct `Behind synproxy` {
    /// Synproxy at a priority of the hook `input`, where the gate is at -10.
    private func scene(_ priority: Int) throws -> SessionScene {
        let scene = try SessionScene()
        try scene.host.namespace.command(
            "sysctl",
            "-qw",
            "net.netfilter.nf_conntrack_tcp_loose=0"
        )
        let rules = """
            table inet r {
              chain pre {
                type filter hook prerouting priority raw
                tcp dport 22 tcp flags & (fin|syn|rst|ack) == syn notrack
              }
              chain in {
                type filter hook input priority \(priority)
                tcp dport 22 ct state { invalid, untracked } synproxy mss 1460 wscale 7 \
            timestamp sack-perm
                ct state invalid drop
              }
            }
            """
        _ = try scene.host.namespace.command("nft", "-f", "-", input: rules)
        return scene
    }

    @Test(arguments: [0, -20])
    func `a granted session comes in and is on record`(priority: Int) throws {
        let scene = try scene(priority)
        let id = UUID()
        try scene.open(["192.0.2.7/32"], id: id)
        let session = try scene.session(from: "192.0.2.7", at: scene.listen())
        #expect(session.lives)
        try eventually { try scene.host.records("grant-used").count == 1 }
        let peer = try scene.host.records("grant-used").first?["JITGATE_PEER"]?.text
        #expect(peer == "192.0.2.7:\(session.client.port)")
        #expect(session.lives)
        try scene.host.remove("\(id).grant")
        try eventually { try scene.host.records("grant-closed").count == 1 }
        let closed = try scene.host.records("grant-closed").first
        #expect(closed?["JITGATE_CONNECTIONS"]?.text == "1")
    }

    @Test(arguments: [0, -20])
    func `a stranger reaches no listener, and is on record`(priority: Int) throws {
        let scene = try scene(priority)
        // One of the same block, so that the early refusal does not answer for the gate.
        try scene.open(["192.0.2.7/32"])
        let listener = try scene.listen()
        _ = try scene.answer(from: "192.0.2.8")
        try eventually {
            try scene.host.records("attempt-denied").contains {
                $0["JITGATE_PEER"]?.text?.hasPrefix("192.0.2.8:") == true
            }
        }
        let sockets = try scene.host.namespace.command("ss", "-Htan", "sport", "=", ":22")
        #expect(!sockets.contains("192.0.2.8"))
        withExtendedLifetime(listener) {}
    }
}
