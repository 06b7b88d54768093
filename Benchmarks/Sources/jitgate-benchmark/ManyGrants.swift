import CBenchmark
import Foundation
import SignedGrants

/// Starts with ten thousand grants, and ends them all at the same moment.
enum ManyGrants {
    private static let count = 10_000

    private static func put(_ scene: Scene, expires: Date) throws {
        for number in 0..<count {
            let source = "10.1.\(number / 250).\(number % 250 + 1)/32"
            let grant = try SignedGrant(source: source, expires: expires, by: scene.key)
            FileManager.default.createFile(
                atPath: scene.path(grant),
                contents: Data(grant.file),
                attributes: [.posixPermissions: 0o600]
            )
        }
    }

    static func start(_ scene: Scene) throws {
        try put(scene, expires: Date(timeIntervalSinceNow: 3600))
        let time = try scene.start()
        guard scene.count("grant-opened") == count else {
            throw Failure(description: "not all open")
        }
        report(
            "10,000 grant files at start, until all are open",
            milliseconds(time),
            bound: "< 3 s"
        )
        try scene.stop(by: SIGKILL)
        report("  started again with these after a crash", try scene.restart(), bound: "")
    }

    static func expiry(_ scene: Scene) throws {
        let end = Date(timeIntervalSince1970: (Date().timeIntervalSince1970 + 60).rounded())
        try put(scene, expires: end)
        try scene.start()
        let before = generation(scene)
        try scene.wait { Date() > end && scene.count("grant-closed") == count }
        let transactions = generation(scene) - before
        let late = try latest(scene) - end.timeIntervalSince1970 * 1000
        report(
            "10,000 grants that end in one moment: the last closed",
            milliseconds(late),
            bound: "< 50 ms"
        )
        report("  transactions that took", "\(transactions)", bound: "1")
    }

    /// The time of the last recorded closing, in ms since 1970; the kernel closed it earlier.
    private static func latest(_ scene: Scene) throws -> Double {
        let name = Data("\"__REALTIME_TIMESTAMP\":\"".utf8)
        guard let data = FileManager.default.contents(atPath: scene.log),
            let line = data.split(separator: 10).last(where: {
                $0.range(of: Data("\"grant-closed\"".utf8)) != nil
            }),
            let start = line.range(of: name)
        else { throw Failure(description: "no closing") }
        let digits = line[start.upperBound...].prefix { (48...57).contains($0) }
        return (Double(String(decoding: digits, as: UTF8.self)) ?? 0) / 1000
    }

    /// The generation of the kernel's ruleset.
    ///
    /// Each transaction increments it.
    private static func generation(_ scene: Scene) -> Int64 {
        answer(in: scene.server, of: cbenchmark_generation)
    }
}
