import CBenchmark
import Foundation
import SignedGrants

/// The latency of an opening, a revocation and a deadline under attack by strangers.
///
/// They are 64 peers that pipeline calls, 100,000 SYNs a second to a protected port, and 20,000
/// files that are no grants. The same is measured before, without them.
enum Strangers {
    private static let rounds = 20
    /// `games` of Debian's /etc/group, which the scene's policy lets read.
    private static let group: gid_t = 60

    static func run(_ scene: Scene) throws {
        try scene.start()
        chmod(scene.folder, 0o755)
        chmod(scene.folder + "/run", 0o755)
        inNamespace(scene.server) { cbenchmark_hold_all(cbenchmark_listen(22)) }
        try measure(scene, "undisturbed")
        let children = [
            cbenchmark_flooder("/run/netns/" + scene.client, "192.0.2.1", 22, 100_000),
            cbenchmark_pipeliners(scene.socket, group, 64, call("List", #"{"all":true}"#)),
            cbenchmark_litterer(scene.drop, 20_000),
        ]
        defer { children.forEach(cbenchmark_kill) }
        sleep(3)
        try measure(scene, "under all strangers")
    }

    private static func measure(_ scene: Scene, _ circumstances: String) throws {
        let kinds = [
            ("opening", opening), ("revocation", revocation), ("deadline", deadline),
        ]
        for (name, take) in kinds {
            var all: [Double] = []
            for _ in 0..<rounds { all.append(try take(scene)) }
            report("\(name) \(circumstances), p50", all.percentile(0.5), bound: "")
            report("  the longest of \(rounds)", all.max() ?? 0, bound: "< 100 ms")
        }
    }

    /// The time from the rename of the grant's file to the first connection.
    private static func opening(_ scene: Scene) throws -> Double {
        let grant = try grant(scene, for: 600)
        let probe = Probe(scene, port: 22)
        let start = scene.submit(grant)
        let time = Double(try probe.accepted() - start) / 1e6
        try revoke(scene, grant)
        return time
    }

    /// The time from root's call to the end of the session.
    private static func revocation(_ scene: Scene) throws -> Double {
        let grant = try grant(scene, for: 600)
        let session = try session(scene, by: grant)
        let start = cbenchmark_now()
        try revoke(scene, grant)
        return try end(of: session, after: start)
    }

    /// The time from the deadline to the end of the session.
    private static func deadline(_ scene: Scene) throws -> Double {
        let seconds = (Date().timeIntervalSince1970 + 1.5).rounded(.up)
        let grant = try grant(scene, until: Date(timeIntervalSince1970: seconds))
        let session = try session(scene, by: grant)
        let deadline = Int64(seconds) * 1_000_000_000 - cbenchmark_realtime_offset()
        return try end(of: session, after: deadline)
    }

    private static func grant(_ scene: Scene, for seconds: Double) throws -> SignedGrant {
        try grant(scene, until: Date(timeIntervalSinceNow: seconds))
    }

    private static func grant(_ scene: Scene, until end: Date) throws -> SignedGrant {
        try SignedGrant(source: "192.0.2.7/32", expires: end, by: scene.key)
    }

    private static func session(_ scene: Scene, by grant: SignedGrant) throws -> Int32 {
        let probe = Probe(scene, port: 22)
        _ = scene.submit(grant)
        _ = try probe.accepted()
        let session = answer(in: scene.client) { Int64(cbenchmark_connect("192.0.2.1", 22)) }
        guard session >= 0 else { throw Failure(description: "there was no session") }
        return Int32(session)
    }

    private static func end(of session: Int32, after start: Int64) throws -> Double {
        let moment = cbenchmark_ended(session)
        guard moment >= 0 else { throw Failure(description: "the session went on") }
        return Double(moment - start) / 1e6
    }

    private static func revoke(_ scene: Scene, _ grant: SignedGrant) throws {
        let parameters = #"{"ids":["\#(grant.id)"],"reason":"over"}"#
        guard cbenchmark_call(scene.socket, call("Revoke", parameters)) == 0 else {
            throw Failure(description: "it was not revoked")
        }
    }

    private static func call(_ method: String, _ parameters: String) -> String {
        #"{"method":"io.jitgate.Agent.\#(method)","parameters":\#(parameters)}"#
    }
}
