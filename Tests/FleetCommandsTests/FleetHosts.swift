import Admission
import Attestation
import Foundation
import Grants
import TestSupport
import Transparency

/// Hosts that report their status to a depot in a directory, and an inventory of them.
final class FleetHosts {
    let folder: TemporaryDirectory
    private(set) var lines: [String] = []

    init() throws {
        folder = try TemporaryDirectory()
        for name in ["depot/status", "witness"] {
            try FileManager.default.createDirectory(
                atPath: path(name),
                withIntermediateDirectories: true
            )
        }
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)), options: .atomic)
    }

    /// Adds a line to the inventory.
    func list(_ line: String) throws {
        lines.append(line)
        try write(lines.joined(separator: "\n") + "\n", to: "hosts")
    }

    /// Puts the status of a host into the depot.
    func report(_ host: ReportingHost) throws {
        try write(host.note(), to: "depot/status/\(host.name)")
    }

    /// Runs `jitgate-fleet` with the inventory and the depot.
    func run(_ words: String..., witnessed: Bool = false) throws -> Command.Result {
        try Command.run(
            [AgentHost.build + "jitgate-fleet"] + words + [
                "--inventory", path("hosts"), "--depot", path("depot"),
            ] + (witnessed ? ["--witness", path("witness")] : []),
            environment: ["HOME": folder.path]
        )
    }
}

/// A host with a log of numbered records and a key.
struct ReportingHost {
    let name: String
    let key: AuditKey
    var records = 3
    /// Tells the records from those of another log.
    var text = "record"
    var bootTime: Int64 = 1_000_000
    var status: HostStatus

    init(_ name: String, seed: UInt8 = 1) throws {
        self.name = name
        key = try AuditKey(
            name: "jitgate/\(name)/3f0c",
            seed: Array(repeating: seed, count: 32)
        )
        let host = HostStatus.Host(
            hostname: name,
            machineID: nil,
            version: "0.1.0",
            kernel: "6.1.0",
            tableOwnership: "owned"
        )
        status = HostStatus(of: host, at: Self.instant(bootTime))
        status.mode = .enforce
        status.digests.policy = String(repeating: "a", count: 64)
        status.digests.signers = String(repeating: "b", count: 64)
    }

    static func instant(_ bootTime: Int64) -> HostStatus.Instant {
        let now = Int64(Date().timeIntervalSince1970 * 1e6)
        return HostStatus.Instant(
            time: Moment(microseconds: now).wholeSecond,
            bootID: String(repeating: "1", count: 32),
            bootTime: bootTime
        )
    }

    /// The line of the inventory.
    var line: String { "\(name) \(key.publicKey)" }

    private func leaf(_ number: Int) -> TreeHash { .leaf(Array("\(text) \(number)".utf8)) }

    private func checkpoint() throws -> String {
        var tree = MerkleTree()
        for number in 0..<records { tree.append(leaf(number)) }
        return try key.checkpoint(over: tree)
    }

    func note() throws -> String {
        var status = status
        status.instant.bootTime = bootTime
        return try StatusNote.sign(status, over: checkpoint(), by: key)
    }

    /// Lets a second go by, in which records come.
    mutating func grow(by count: Int) {
        records += count
        bootTime += 1_000_000
    }

    /// The proof that its log grew from these sizes to its own.
    func proof(from sizes: [Int]) throws -> String {
        var prover = ConsistencyProver(sizes: (sizes + [records]).map(UInt64.init))
        for number in 0..<records { prover.append(leaf(number)) }
        let note = try checkpoint()
        let signed = try SignedCheckpoint(parsing: note, signedBy: key.publicKey)
        guard let proof = prover.proof(under: note, of: signed.checkpoint) else {
            throw CommandFailure("there is no proof")
        }
        return proof.text
    }
}
