import Foundation
import StrictJSON
import TestSupport
import Testing

/// Kills agent, carrier, depot and publisher at random moments, and holds what is open against what was posted.
///
/// JITGATE_KILLS=1000 kills that often.
@Suite struct `Killed at any moment` {
    @Test func `agent, carrier and depot lose nothing, and open nothing that no grant says`() throws
    {
        let variables = ProcessInfo.processInfo.environment
        var left = variables["JITGATE_KILLS"].flatMap { Int($0) } ?? 24
        var seed = variables["JITGATE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...9999)
        while left > 0 {
            var fleet = try KilledFleet(seed: seed)
            while fleet.kills < min(left, 100) { try fleet.round() }
            try fleet.settle()
            try fleet.examine()
            print("killed \(fleet.killed) with seed \(seed), \(fleet.grants.count) grants")
            left -= fleet.kills
            seed += 1
        }
    }
}

/// A depot, a carrier and an agent, and what a publisher has posted.
private struct KilledFleet {
    private enum Victim: String, CaseIterable { case agent, carrier, depot, publisher }

    struct Posted {
        let source: String
        var isRevoked = false
        var opening: String { "\(source) . tcp . 22" }
    }

    private let scene: FleetScene
    private let seed: UInt64
    private var random: SeededGenerator
    private(set) var grants: [UUID: Posted] = [:]
    private(set) var kills = 0
    private(set) var killed: [String: Int] = [:]

    init(seed: UInt64) throws {
        (self.seed, random) = (seed, SeededGenerator(seed: seed))
        scene = try FleetScene()
        try scene.host.start()
    }

    /// Posts something, brings it, and kills some of those who work meanwhile.
    mutating func round() throws {
        let file = try change()
        let publisher = try start(scene.posting(file))
        let carrier = try start(scene.bringing)
        let victims = Victim.allCases.shuffled(using: &random)
        for victim in victims.prefix(Int.random(in: 1...2, using: &random)) {
            usleep(UInt32.random(in: 0...150_000, using: &random))
            switch victim {
            case .agent: scene.host.kill()
            case .depot: try scene.depot.kill()
            case .carrier: carrier.end()
            case .publisher: publisher.end()
            }
            killed[victim.rawValue, default: 0] += 1
            kills += 1
        }
        for process in [publisher, carrier] { process.waitUntilExit() }
        try restore(file)
        let open = try scene.host.openings()
        #expect(open.isSubset(of: grants.values.map(\.opening)), "seed \(seed)")
        if Int.random(in: 0..<3, using: &random) == 0 { try settle() }
    }

    /// A new grant, or the revocation of one; the file to be posted.
    private mutating func change() throws -> String {
        let live = grants.filter { !$0.value.isRevoked }
            .sorted { $0.key.uuidString < $1.key.uuidString }
        let path = scene.host.path + "/change.grant"
        let bytes: [UInt8]
        if live.count > 30 || !live.isEmpty && Int.random(in: 0..<3, using: &random) == 0 {
            let id = live[Int.random(in: live.indices, using: &random)].key
            grants[id]?.isRevoked = true
            bytes = try scene.host.revocation(of: id)
        } else {
            let id = UUID()
            let source = "10.1.\(grants.count / 250).\(grants.count % 250 + 1)"
            grants[id] = Posted(source: source)
            let sources = JSONValue.array([.string(source)])
            bytes = try scene.host.grant(
                id: id,
                lasting: 7200,
                changes: [.init("sources", sources)]
            )
        }
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    private func start(_ words: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Starts what was killed, and has the publisher end what it began.
    private func restore(_ file: String) throws {
        if !scene.depot.isRunning { try scene.depot.start() }
        if !scene.host.isRunning {
            try scene.host.launch()
            try eventually { try scene.host.jitgate("status").status == 0 }
        }
        try eventually { try Command.run(scene.posting(file)).status == 0 }
    }

    /// Lets all arrive; then what is open is what grants say.
    func settle() throws {
        try scene.bring()
        let expected = Set(grants.values.filter { !$0.isRevoked }.map(\.opening))
        let isSo = try comesToBeSo(within: .seconds(30)) { try scene.host.openings() == expected }
        let open = try scene.host.openings()
        #expect(
            isSo,
            "seed \(seed): lost \(expected.subtracting(open)), too many \(open.subtracting(expected))"
        )
    }

    /// The log says once of each grant what became of it, and proves it.
    func examine() throws {
        let audit = try scene.host.jitgate("audit", "verify")
        #expect(audit.status == 0, "seed \(seed): \(audit.text) \(audit.errors)")
        let counts = try ["grant-accepted", "grant-opened", "grant-closed"].map(count)
        for (id, grant) in grants {
            let name = id.uuidString.lowercased()
            let (accepted, opened, closed) = (
                counts[0][name] ?? 0, counts[1][name] ?? 0, counts[2][name] ?? 0
            )
            #expect(opened <= accepted && accepted <= 1, "seed \(seed): \(name) twice")
            // A grant that is revoked before it came has a grant-closed, and is never accepted.
            let ends = grant.isRevoked ? accepted...1 : 0...0
            #expect(ends.contains(closed), "seed \(seed): \(name), closed \(closed) times")
            #expect(grant.isRevoked || opened == 1, "seed \(seed): \(name) never opened")
        }
        #expect(try Set(scene.host.reasons("grant-closed")).isSubset(of: ["revoked"]))
    }

    private func count(_ event: String) throws -> [String: Int] {
        try scene.host.records(event).reduce(into: [:]) { counts, record in
            counts[record["JITGATE_GRANT"]?.text?.lowercased() ?? "", default: 0] += 1
        }
    }
}
