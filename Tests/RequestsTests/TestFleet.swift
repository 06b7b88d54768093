import Admission
import Attestation
import Depot
import Grants
import Signatures
import TestSupport
import Testing

@testable import Posture
@testable import Requests

let now: Moment = "2026-12-01T10:00:00Z"

/// People with keys of their own, as a hub and its hosts list them.
struct TestPeople {
    private var keys: [String: SSHKey] = [:]
    private var lines = ""

    /// Makes a key for each name, which may sign for any namespace.
    init(_ names: [String]) throws {
        for name in names { try add(name, for: "jitgate-*") }
    }

    mutating func add(_ name: String, for namespaces: String) throws {
        let key = try SSHKey()
        keys[name] = key
        lines += "\(name) namespaces=\"\(namespaces)\" \(try key.publicLine)\n"
    }

    mutating func remove(_ name: String) {
        lines = lines.split(separator: "\n").filter { !$0.hasPrefix("\(name) ") }
            .map { $0 + "\n" }.joined()
    }

    var verifier: SignatureVerifier {
        get throws {
            SignatureVerifier(allowedSigners: try AllowedSigners(parsing: Array(lines.utf8)))
        }
    }

    func armor(_ payload: [UInt8], by name: String, for namespace: String) throws -> [UInt8] {
        try #require(keys[name]).sign(payload, namespace: namespace)
    }

    /// The signature of somebody under a grant, as the hub keeps it.
    func sign(
        _ grant: Grant,
        by name: String,
        for namespace: String = "jitgate-grant"
    ) throws -> CollectedSignature {
        let payload = grant.payload()
        let armor = try armor(payload, by: name, for: namespace)
        let verified = try CountedSignatures.check(armor, over: payload, by: verifier, at: now)
        return CollectedSignature(armor, verified, added: now)
    }

    /// The outlook of a grant with the signatures of these people.
    func outlook(
        of grant: Grant,
        in fleet: FleetRules,
        by names: [String] = [],
        asked requestors: [String] = [],
        at moment: Moment = now
    ) throws -> RequestOutlook {
        let signatures =
            try names.map { try sign(grant, by: $0) }
            + requestors.map { try sign(grant, by: $0, for: "jitgate-request") }
        let counted = CountedSignatures(
            of: grant.payload(),
            signatures,
            by: try verifier,
            at: moment
        )
        return RequestOutlook(of: grant, signedBy: counted.verified, in: fleet, at: moment)
    }
}

extension Grant {
    /// A grant of an hour for dana.
    static func wish(
        hosts: [HostPattern] = [.name("web-1")],
        ports: [Port] = ["22/tcp"],
        sources: [Prefix] = ["192.0.2.7/32"],
        ticket: String? = nil,
        duration: Duration = .seconds(3600),
        supersedes: [GrantID] = [],
        expires: Moment = "2026-12-01T12:00:00Z"
    ) -> Grant {
        Grant(
            id: "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
            hosts: hosts,
            requestor: "dana",
            justification: "mend it",
            sources: sources,
            ports: ports,
            notBefore: nil,
            expires: expires,
            duration: duration,
            ticket: ticket,
            supersedes: supersedes
        )
    }
}

extension HostStatus {
    /// The status of a host that protects 22/tcp by these rules.
    static func reporting(
        _ name: String,
        labels: [String: String] = [:],
        _ change: (inout PortRules) throws -> Void = { _ in }
    ) rethrows -> HostStatus {
        var rules = PortRules(
            maxDuration: .seconds(7200),
            widestIPv4: 24,
            widestIPv6: 56,
            allowedSources: [],
            approvals: 1,
            separateRequestor: false,
            requireJustification: true,
            onExpiry: .terminate
        )
        try change(&rules)
        let host = Host(
            hostname: name,
            machineID: String(repeating: "a", count: 32),
            version: "0.1.0",
            kernel: "6.12",
            tableOwnership: "owned"
        )
        let instant = Instant(time: now, bootID: String(repeating: "0", count: 32), bootTime: 1)
        var status = HostStatus(of: host, at: instant)
        let policy = Policy(
            mode: .enforce,
            keepExisting: .reset,
            trusted: [],
            ports: ["22/tcp": rules],
            maxWait: .seconds(7 * 86_400)
        )
        status.apply(policy)
        status.labels = labels
        return status
    }
}

extension HostPosture {
    /// A host that said this a minute ago.
    static func host(
        _ name: String,
        _ status: HostStatus?,
        state: State = .configured,
        age: Duration = .seconds(60)
    ) throws -> HostPosture {
        HostPosture(
            host: try #require(ShelfName(name)),
            group: "",
            state: state,
            status: status,
            size: status == nil ? nil : 9,
            age: status == nil ? nil : age,
            reason: nil,
            code: nil
        )
    }
}

/// The name of a shelf, for tests alone.
func shelf(_ name: String) throws -> ShelfName { try #require(ShelfName(name)) }
