import Foundation
import SignedGrants

/// The memory and the wake-ups of an agent with nothing to do.
enum Idle {
    private static let seconds: UInt32 = 60

    static func run(_ scene: Scene) throws {
        let grant = try SignedGrant(
            source: "192.0.2.7/32",
            expires: Date(timeIntervalSinceNow: 3600),
            by: scene.key
        )
        _ = scene.submit(grant)
        try scene.start()
        guard let process = scene.agent?.processIdentifier else { return }
        // `ip netns exec` executes the agent in the same process.
        sleep(2)
        let before = switches(process)
        sleep(seconds)
        // A thread that has ended since then woke up only to end.
        let woken = switches(process).map { thread, count in count - (before[thread] ?? 0) }
            .reduce(0, +)
        report("idle: resident memory", "\(resident(process)) KiB", bound: "< 12288 KiB")
        report("idle: voluntary context switches in 60 s", "\(woken)", bound: "0")
    }

    private static func lines(_ path: String) -> [Substring] {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map { $0[...] }
    }

    private static func value(_ name: String, in path: String) -> Int {
        let line = lines(path).first { $0.hasPrefix(name + ":") } ?? ""
        return Int(line.filter(\.isNumber)) ?? 0
    }

    static func resident(_ process: Int32) -> Int {
        value("VmRSS", in: "/proc/\(process)/status")
    }

    /// The resident memory in proportional shares: pages of several processes count in part.
    static func share(_ process: Int32) -> Int {
        value("Pss", in: "/proc/\(process)/smaps_rollup")
    }

    /// The context switches by thread.
    private static func switches(_ process: Int32) -> [String: Int] {
        let folder = "/proc/\(process)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return Dictionary(
            uniqueKeysWithValues: threads.map {
                ($0, value("voluntary_ctxt_switches", in: "\(folder)/\($0)/status"))
            }
        )
    }
}
