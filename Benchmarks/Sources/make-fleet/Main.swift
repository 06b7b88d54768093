import Admission
import Attestation
import AgentSettings
import Foundation
import Grants
import Transparency

/// Writes the statuses of `HOSTS` hosts to a depot in a folder, each signed by a key of its own over a
/// log of `RECORDS` records, with the proof that it grew from `BEFORE` records; and their inventory.
@main
enum Main {
    static func main() throws {
        let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
        guard CommandLine.arguments.count == 5, numbers.count == 3 else {
            FileHandle.standardError.write(
                Data("usage: make-fleet FOLDER HOSTS BEFORE RECORDS\n".utf8)
            )
            exit(2)
        }
        let folder = CommandLine.arguments[1]
        try FileManager.default.createDirectory(
            atPath: folder + "/depot/status",
            withIntermediateDirectories: true
        )
        var inventory = ""
        for number in 0..<numbers[0] {
            let host = try FleetHost(number)
            let note = try host.note(over: numbers[2])
            try note.write(to: folder + "/depot/status/\(host.name)")
            let proof = try host.proof(from: numbers[1], to: numbers[2])
            try proof.write(to: folder + "/depot/status/\(host.name).proof")
            inventory += "\(host.name) \(host.key.publicKey) group=g\(number % 10)\n"
        }
        try inventory.write(to: folder + "/hosts")
    }
}

extension String {
    fileprivate func write(to path: String) throws {
        try Data(utf8).write(to: URL(fileURLWithPath: path))
    }
}

/// A host as it reports itself; one in ten has two open grants.
struct FleetHost {
    let name: String
    let key: AuditKey
    private let number: Int

    init(_ number: Int) throws {
        self.number = number
        name = "host-\(number).example.com"
        let seed = (0..<32).map { UInt8(truncatingIfNeeded: number >> ($0 % 4 * 8)) }
        key = try AuditKey(name: "jitgate/\(name)/3f0c9a5be1c24f5e8a7d6c5b4a392817", seed: seed)
    }

    private func leaf(_ record: Int) -> TreeHash { .leaf(Array("\(name) \(record)".utf8)) }

    private func checkpoint(over records: Int) throws -> String {
        var tree = MerkleTree()
        for record in 0..<records { tree.append(leaf(record)) }
        return try key.checkpoint(over: tree)
    }

    func note(over records: Int) throws -> String {
        try StatusNote.sign(status(records), over: checkpoint(over: records), by: key)
    }

    func proof(from before: Int, to records: Int) throws -> String {
        var prover = ConsistencyProver(sizes: [UInt64(before), UInt64(records)])
        for record in 0..<records { prover.append(leaf(record)) }
        let note = try checkpoint(over: records)
        let signed = try SignedCheckpoint(parsing: note, signedBy: key.publicKey)
        guard let proof = prover.proof(under: note, of: signed.checkpoint) else {
            throw Failure(description: "there is no proof")
        }
        return proof.text
    }

    private func status(_ records: Int) throws -> HostStatus {
        let now = Moment(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        let instant = HostStatus.Instant(
            time: now,
            bootID: String(repeating: "6d", count: 16),
            bootTime: Int64(records) * 1_000_000
        )
        let host = HostStatus.Host(
            hostname: name,
            machineID: String(repeating: "3f", count: 16),
            version: "0.1.0",
            kernel: "6.1.0-32-amd64",
            tableOwnership: "owned"
        )
        var status = HostStatus(of: host, at: instant)
        status.mode = .enforce
        status.ports = Port.management.map { HostStatus.PortReport($0, .defaults) }
        status.labels = ["env": "prod", "role": "web"]
        status.digests.policy = String(repeating: "ab", count: 32)
        status.digests.signers = String(repeating: "cd", count: 32)
        status.trusted = [try Prefix(parsing: "10.20.0.0/24")]
        status.grants.open = number % 10 == 0 ? [try open(now), try open(now)] : []
        return status
    }

    private func open(_ now: Moment) throws -> HostStatus.OpenGrant {
        let grant = Grant(
            id: try GrantID(parsing: UUID().uuidString),
            hosts: [.name(name)],
            requestor: "dana@example.com",
            justification: nil,
            sources: [try Prefix(parsing: "203.0.113.7")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: now + .seconds(3600),
            duration: nil
        )
        let provenance = GrantProvenance(
            grant: grant,
            digest: String(repeating: "ef", count: 32),
            signers: ["ops@example.com"],
            file: ""
        )
        return HostStatus.OpenGrant(provenance, opened: now, deadline: now + .seconds(3600))
    }
}

struct Failure: Error {
    let description: String
}
