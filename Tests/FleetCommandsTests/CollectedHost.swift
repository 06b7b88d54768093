import Admission
import Attestation
import Auditing
import Foundation
import Grants
import Recording
import Signatures
import StrictJSON
import TestSupport
import Transparency

/// A host whose log, as the agent's own code writes it, lies where an auditor collected it.
struct CollectedHost {
    private static let policy = "mode = \"enforce\"\ntrusted = [\"10.20.0.0/24\"]\n"

    let name: String
    private let fleet: FleetHosts
    private let places: LogPlaces
    private let start = ReportingHost.instant(0).time + .seconds(-7200)

    /// Begins a log below `folder`, with a key of its own or that of another host.
    init(_ name: String, in fleet: FleetHosts, folder: String = "logs", key: String? = nil) throws {
        (self.name, self.fleet) = (name, fleet)
        places = LogPlaces(
            log: fleet.path("\(folder)/\(name)"),
            state: fleet.path("state/\(folder)/\(name)"),
            origin: AuditKey.origin(hostname: name, machineID: "3f0c")
        )
        for path in [places.log, places.state] {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        if let key { try FileManager.default.copyItem(atPath: key, toPath: keyFile) }
        let digest = EvidenceFile.digest(of: Array(Self.policy.utf8))
        let fields: [AuditField: [String]] = [
            .policyDigest: [digest], .evidence: [Self.policy], .rules: ["4"], .mode: ["enforce"],
        ]
        try append([AuditEntry(.policyLoaded, "Policy loaded", fields: fields)])
    }

    var keyFile: String { places.state + "/audit.key" }

    func append(_ entries: [AuditEntry]) throws {
        var log = try AuditLog.opening(
            places,
            rotation: RotationRule(size: 1 << 40, age: .seconds(1 << 40), retention: nil)
        )
        for entry in entries {
            let number = log.logState.nextSequence
            let stamp = RecordStamp(
                realtime: start + .seconds(Int64(number)),
                boot: Int64(number),
                bootID: String(repeating: "a", count: 32),
                machineID: String(repeating: "b", count: 32),
                hostname: name
            )
            try log.append([Record(sequence: number, stamp: stamp, entry: entry)])
        }
    }

    /// Appends the life of a grant that `approver` signed.
    func addGrant(_ id: UUID, by approver: SSHKey, used: Bool = true) throws {
        let value: JSONValue = [
            "jitgate": "grant/1", "id": .string(id.uuidString.lowercased()),
            "hosts": .array([.string(name)]), "requestor": "dana", "justification": "disk full",
            "sources": ["192.0.2.7"], "ports": ["22/tcp"],
            "expires": .string((start + .seconds(3600)).description),
        ]
        let payload = value.encoded() + [UInt8(ascii: "\n")]
        let file = try payload + approver.sign(payload)
        let line = "ops@example.com \(try approver.publicLine)"
        let signers = try AllowedSigners(parsing: Array("\(line)\n".utf8))
        let signed = try SignatureVerifier(allowedSigners: signers).verify(file, at: start)
        let facts = GrantProvenance(
            grant: try Grant(parsing: signed.bytes),
            digest: FileDigest.sha256(of: file),
            signers: ["ops@example.com"],
            parties: signed.parties,
            file: "/drop/g.grant"
        )
        let digest = EvidenceFile.digest(of: Array(Self.policy.utf8))
        let evidence = AuditEntry.evidence(file, signedBy: [line], under: digest)
        let use = AuditEntry(
            .grantUsed,
            "Used",
            fields: [.grant: [id.uuidString.lowercased()], .peer: ["192.0.2.7:50000"]]
        )
        try append(
            [.accepted(facts, evidence), .opened(facts, until: start + .seconds(3600))]
                + (used ? [use] : []) + [.closed(facts, because: .expired)]
        )
    }

    private var key: AuditKey {
        get throws { try StateDirectory(places.state).key(named: places.origin) }
    }

    /// The line of the inventory.
    var line: String { get throws { try "\(name) \(key.publicKey)" } }

    /// Puts a status over the log as it is into the depot.
    func report() throws {
        let checkpoint = try String(contentsOfFile: places.log + "/checkpoint", encoding: .utf8)
        let status = try ReportingHost(name).status
        let note = try StatusNote.sign(status, over: checkpoint, by: key)
        try fleet.write(note, to: "depot/status/\(name)")
    }
}
