import CBenchmark
import Foundation
import Synchronization

/// The time that strangers get in after another tool flushed the ruleset of a kernel that permits
/// it (before Linux 6.9): from their first accepted connection to the last.
enum ForeignFlush {
    private static let rounds = 40

    static func run(_ scene: Scene) throws {
        setenv("JITGATE_TABLE_OWNERSHIP", "watched", 1)
        defer { unsetenv("JITGATE_TABLE_OWNERSHIP") }
        try scene.start()
        inNamespace(scene.server) { cbenchmark_accept_all(cbenchmark_listen(22)) }
        try measure(scene, "foreign flush to repair, strangers get in")
        let load = try (0..<8 * ProcessInfo.processInfo.activeProcessorCount).map { _ in
            try busyProcess()
        }
        defer { load.forEach { $0.terminate() } }
        try measure(scene, "with eight busy processes a processor")
    }

    private static func measure(_ scene: Scene, _ what: String) throws {
        var windows: [Double] = []
        for _ in 0..<rounds {
            windows.append(try window(scene))
            // After this pause the next change is handled like the first one.
            usleep(1_200_000)
        }
        report(what + ", p50", milliseconds(windows.percentile(0.5)), bound: "")
        report("  the same, p90", milliseconds(windows.percentile(0.9)), bound: "")
        report("  the same, longest of \(rounds)", milliseconds(windows.percentile(1)), bound: "")
    }

    private static func window(_ scene: Scene) throws -> Double {
        let repaired = scene.count("tamper-repaired")
        let stranger = Stranger(scene)
        try scene.run("ip", "netns", "exec", scene.server, "nft", "flush", "ruleset")
        try scene.wait { scene.count("tamper-repaired") > repaired }
        let accepted = stranger.stop()
        guard let first = accepted.first, let last = accepted.last else { return 0 }
        return Double(last - first) / 1e6
    }

    private static func busyProcess() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "while :; do :; done"]
        try process.run()
        return process
    }
}

/// Connects to port 22 without a grant until stopped, and notes when it was accepted.
private final class Stranger: Sendable {
    private let accepted = Mutex<[Int64]>([])
    private let ended = Mutex(false)
    private let done = DispatchSemaphore(value: 0)

    /// Begins to connect before it returns.
    init(_ scene: Scene) {
        let begun = DispatchSemaphore(value: 0)
        inNamespace(scene.client) { [self] in
            // On a busy machine it would otherwise notice late that it was accepted.
            setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, -10)
            begun.signal()
            while !ended.withLock({ $0 }) {
                if cbenchmark_attempt("192.0.2.7", "192.0.2.1", 22, 200_000) == 1 {
                    accepted.withLock { $0.append(cbenchmark_now()) }
                }
            }
            done.signal()
        }
        begun.wait()
    }

    /// The times at which it was accepted.
    func stop() -> [Int64] {
        ended.withLock { $0 = true }
        done.wait()
        return accepted.withLock { $0 }
    }
}
