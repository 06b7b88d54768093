import CBenchmark
import Foundation
import SignedGrants

/// Shuts everybody out by one signed file while a thousand grants are open.
enum Lockout {
    private static let grants = 1000
    private static let sessions = 500
    private static let rounds = 5

    static func run(_ scene: Scene) throws {
        let line = SignedGrant.publicLine(scene.key.publicKey)
        try scene.write(
            "dana namespaces=\"jitgate-grant,jitgate-lockout\" \(line)\n",
            to: scene.folder + "/allowed_signers"
        )
        try scene.start()
        inNamespace(scene.server) { cbenchmark_hold_all(cbenchmark_listen(22)) }
        var all: [Double] = []
        for round in 0..<rounds { all.append(try measure(scene, round)) }
        report(
            "1,000 grants shut by one file, until the last of 500 sessions ends, p50",
            all.percentile(0.5),
            bound: "< 100 ms"
        )
        report("  the longest of \(rounds)", all.max() ?? 0, bound: "")
    }

    /// The time from the rename of the file to the end of the last session.
    private static func measure(_ scene: Scene, _ round: Int) throws -> Double {
        let end = Date(timeIntervalSinceNow: 600)
        for number in 1..<grants {
            let source = "10.\(round + 1).\(number / 250).\(number % 250 + 1)/32"
            _ = scene.submit(try SignedGrant(source: source, expires: end, by: scene.key))
        }
        _ = scene.submit(try SignedGrant(source: "192.0.2.7/32", expires: end, by: scene.key))
        try scene.wait { scene.count("grant-opened") == (round + 1) * grants }
        let open = try (0..<sessions).map { _ in try session(scene) }
        let file = try SignedGrant.lockout(by: scene.key)
        let start = scene.submit(file, as: "lockout-\(round)")
        for session in open {
            guard cbenchmark_ended(session) >= 0 else {
                throw Failure(description: "a session went on")
            }
        }
        return Double(cbenchmark_now() - start) / 1e6
    }

    private static func session(_ scene: Scene) throws -> Int32 {
        let session = answer(in: scene.client) { Int64(cbenchmark_connect("192.0.2.1", 22)) }
        guard session >= 0 else { throw Failure(description: "there was no session") }
        return Int32(session)
    }
}
