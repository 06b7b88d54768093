import CBenchmark
import Foundation

/// Starts the agent on a log of a million records, runs it, and verifies the log.
enum Audit {
    private static let records = 1_000_000
    private static let settled: UInt32 = 5

    static func run(_ scene: Scene) throws {
        // Everything with a limit of its own, such as the listed endings, is full by then.
        let program = scene.programs + "/make-audit-log"
        try scene.run(program, scene.logFolder, scene.state, "10000")
        let small = try memory(after: "agent start with 10,000 records", scene)
        try scene.stop()
        try scene.forget()
        try scene.run(program, scene.logFolder, scene.state, "\(records)")
        let large = try memory(after: "agent start with 1,000,000 records", scene, "< 1000 ms")
        report("  resident memory of that agent", "\(large.resident) KiB", bound: "")
        report("  of the one with 10,000 records", "\(small.resident) KiB", bound: "the same")
        report(
            "  proportional (Pss), of both",
            "\(large.share), \(small.share) KiB",
            bound: "the same"
        )
        try scene.stop(by: SIGKILL)
        report("  started again after a crash", try scene.restart(), bound: "< 1000 ms")
        try scene.stop()
        try verify(scene)
        try scene.loseSnapshots()
        report("  started without its snapshot: all is read", try scene.restart(), bound: "")
    }

    private static func memory(
        after what: String,
        _ scene: Scene,
        _ bound: String = ""
    ) throws -> (resident: Int, share: Int) {
        report(what, try scene.restart(), bound: bound)
        guard let process = scene.agent?.processIdentifier else { return (0, 0) }
        sleep(settled)
        return (Idle.resident(process), Idle.share(process))
    }

    private static func verify(_ scene: Scene) throws {
        let words = [
            "taskset", "-c", "0", scene.programs + "/jitgate", "audit", "verify", "--config",
            scene.folder + "/jitgate.toml",
        ]
        var arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var usage = cbenchmark_usage()
        guard cbenchmark_run(&arguments, nil, &usage) == 0 else {
            throw Failure(description: "the log is not verified")
        }
        let seconds = Double(usage.nanoseconds) / 1e9
        let rate = Int(Double(records) / seconds)
        report(
            "jitgate audit verify: 1,000,000 records, all signatures, one core",
            String(format: "%.1f s", seconds),
            bound: "< 30 s"
        )
        report("  records a second", "\(rate)", bound: "")
        report("  its peak memory", "\(usage.peak) KiB", bound: "")
    }
}
