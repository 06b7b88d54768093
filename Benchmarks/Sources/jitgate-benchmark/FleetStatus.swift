import CBenchmark
import Foundation

/// Reads and verifies the statuses of 10,000 hosts from a folder, and their proofs as a witness does.
enum FleetStatus {
    private static let hosts = 10_000

    static func run(_ scene: Scene) throws {
        let folder = scene.folder + "/fleet"
        let witness = folder + "/witness"
        try FileManager.default.createDirectory(
            atPath: witness,
            withIntermediateDirectories: true
        )
        let make = scene.programs + "/make-fleet"
        try scene.run(make, folder, "\(hosts)", "50", "100")
        let fleet = ["--inventory", folder + "/hosts", "--depot", folder + "/depot"]
        try time("status of 10,000 hosts, by their signatures, one core", ["status"] + fleet, scene)
        let witnessed = fleet + ["--witness", witness]
        try time("  collect: all seen for the first time", ["collect"] + witnessed, scene, "")
        try scene.run(make, folder, "\(hosts)", "100", "200")
        try time("  collect: all have grown, with proofs", ["collect"] + witnessed, scene)
        try time("  status with the witness", ["status"] + witnessed, scene)
    }

    private static func time(
        _ what: String,
        _ words: [String],
        _ scene: Scene,
        _ bound: String = "< 20 s"
    ) throws {
        let command = ["taskset", "-c", "0", scene.programs + "/jitgate-fleet"] + words
        var arguments = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var usage = cbenchmark_usage()
        guard cbenchmark_run(&arguments, nil, &usage) == 0 else {
            throw Failure(description: "\(words[0]) failed")
        }
        let seconds = Double(usage.nanoseconds) / 1e9
        report(what, String(format: "%.1f s", seconds), bound: bound)
        report("    its peak memory", "\(usage.peak) KiB", bound: "")
    }
}
