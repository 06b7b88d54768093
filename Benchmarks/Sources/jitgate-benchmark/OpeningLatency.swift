import CBenchmark
import Foundation
import SignedGrants
import Synchronization

/// The time from the rename of a grant file to the first accepted connection, and that of `nft`
/// alone.
enum OpeningLatency {
    private static let rounds = 300

    static func run(_ scene: Scene) throws {
        try scene.start()
        try layTableByHand(scene)
        for port in [UInt16(22), 2222] {
            inNamespace(scene.server) { cbenchmark_accept_all(cbenchmark_listen(port)) }
        }
        var agent: [Double] = []
        var hand: [Double] = []
        for _ in 0..<rounds {
            agent.append(try byAgent(scene))
            hand.append(try byHand(scene))
        }
        let (ours, theirs) = (agent.percentile(0.5), hand.percentile(0.5))
        report(
            "grant file renamed to connection accepted, p50",
            milliseconds(ours),
            bound: "< 2 ms"
        )
        report("  the same, p99", milliseconds(agent.percentile(0.99)), bound: "< 10 ms")
        report(
            "nft add element by hand to connection accepted, p50",
            milliseconds(theirs),
            bound: ""
        )
        report("  ours as a share of that", String(format: "%.2f", ours / theirs), bound: "< 0.33")
    }

    /// Makes the table of an admin without jitgate: a set of allowed sources, and a drop.
    private static func layTableByHand(_ scene: Scene) throws {
        let table = """
            add table inet byhand
            add set inet byhand may { type ipv4_addr; flags timeout; }
            add chain inet byhand in { type filter hook input priority 0; }
            add rule inet byhand in tcp dport 2222 ip saddr != @may drop
            """
        try scene.write(table, to: scene.folder + "/byhand.nft")
        try scene.run(
            "ip",
            "netns",
            "exec",
            scene.server,
            "nft",
            "-f",
            scene.folder + "/byhand.nft"
        )
    }

    private static func byAgent(_ scene: Scene) throws -> Double {
        let grant = try SignedGrant(
            source: "192.0.2.7/32",
            expires: Date(timeIntervalSinceNow: 600),
            by: scene.key
        )
        let probe = Probe(scene, port: 22)
        let start = scene.submit(grant)
        let latency = Double(try probe.accepted() - start) / 1e6
        unlink(scene.path(grant))
        try waitUntilShut(scene, port: 22)
        return latency
    }

    private static func byHand(_ scene: Scene) throws -> Double {
        let probe = Probe(scene, port: 2222)
        let nft = ["ip", "netns", "exec", scene.server, "nft"]
        let start = cbenchmark_now()
        try scene.run(nft + ["add element inet byhand may { 192.0.2.7 timeout 600s }"])
        let latency = Double(try probe.accepted() - start) / 1e6
        try scene.run(nft + ["delete element inet byhand may { 192.0.2.7 }"])
        return latency
    }

    private static func waitUntilShut(_ scene: Scene, port: UInt16) throws {
        try scene.wait {
            let accepted = answer(in: scene.client) {
                Int64(cbenchmark_attempt("192.0.2.7", "192.0.2.1", port, 20_000_000))
            }
            return accepted == 0
        }
    }
}

/// Connects to a port from the client until it is accepted.
final class Probe: Sendable {
    private let moment = Mutex<Int64>(0)
    private let done = DispatchSemaphore(value: 0)

    /// Begins to connect before it returns.
    init(_ scene: Scene, port: UInt16) {
        let begun = DispatchSemaphore(value: 0)
        inNamespace(scene.client) { [self] in
            begun.signal()
            let end = cbenchmark_now() + 5_000_000_000
            while cbenchmark_now() < end {
                guard cbenchmark_attempt("192.0.2.7", "192.0.2.1", port, 100_000) == 1 else {
                    continue
                }
                moment.withLock { $0 = cbenchmark_now() }
                break
            }
            done.signal()
        }
        begun.wait()
        usleep(1000)
    }

    /// The time at which it was accepted.
    func accepted() throws -> Int64 {
        done.wait()
        let moment = moment.withLock { $0 }
        guard moment > 0 else { throw Failure(description: "it was never let in") }
        return moment
    }
}
