import Admission
import Attestation
import Depot
import Grants
import TestSupport
import Transparency

/// A host that signs statuses over a log of its own, as an agent does.
struct ReportedHost {
    let name: String
    let key: AuditKey
    var status: HostStatus
    private(set) var tree = MerkleTree()

    init(_ name: String, seed: UInt8 = 7) throws {
        self.name = name
        key = try AuditKey(
            name: "jitgate/\(name)/3f0c",
            seed: Array(repeating: seed, count: 32)
        )
        status = HostStatus(
            of: .init(
                hostname: name,
                machineID: nil,
                version: "0.1.0",
                kernel: "6.1.0",
                tableOwnership: "owned"
            ),
            at: .init(time: .wall, bootID: String(repeating: "1", count: 32), bootTime: 1)
        )
        status.mode = .enforce
        status.digests.policy = String(repeating: "a", count: 64)
        status.digests.signers = String(repeating: "b", count: 64)
        record("started")
    }

    /// The line of the inventory.
    var line: String { "\(name) \(key.publicKey)" }

    /// Adds a record to the log.
    mutating func record(_ text: String) {
        tree.append(.leaf(Array(text.utf8)))
    }

    /// The status of a moment later.
    mutating func note() throws -> [UInt8] {
        status.instant.bootTime += 1
        return Array(try StatusNote.sign(status, over: key.checkpoint(over: tree), by: key).utf8)
    }

    /// A grant that is open on it from now on.
    mutating func open(_ id: String, by requestor: String) throws {
        let grant = Grant(
            id: try GrantID(parsing: id),
            hosts: [.name(name)],
            requestor: requestor,
            justification: nil,
            sources: [try Prefix(parsing: "192.0.2.7")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: Moment(microseconds: 4_000_000_000_000_000),
            duration: nil
        )
        let provenance = GrantProvenance(
            grant: grant,
            digest: String(repeating: "d", count: 64),
            signers: ["ops@example.com"],
            file: ""
        )
        status.grants.open.append(
            HostStatus.OpenGrant(provenance, opened: .wall, deadline: .wall + .seconds(3600))
        )
    }
}
