import Admission
import Attestation
import Depot
import Grants
import HubStorage
import Requests
import Signatures
import Synchronization
import TestSupport
import Testing

@testable import Hub
@testable import Posture

/// A desk of requests over a store of its own, with people, hosts and a clock.
final class RequestScene: Sendable {
    /// The hosts, the allowed signers and the time, which a test changes.
    struct Circumstances: Sendable {
        var fleet: FleetRules
        var lines: [String: String] = [:]
        var now: Moment = "2026-12-01T10:00:00Z"
    }

    let folder: TemporaryDirectory
    let database: any Database
    let circumstances: Mutex<Circumstances>
    private let keys: Mutex<[String: SSHKey]> = Mutex([:])

    /// Makes a desk, and a key for each person with the namespaces of the person's line.
    init(_ people: [(name: String, namespaces: String)]) async throws {
        folder = try TemporaryDirectory()
        database = try await Stores.open("sqlite:\(folder.path)/hub.db", poolSize: 2)
        circumstances = Mutex(Circumstances(fleet: FleetRules(at: Circumstances.start)))
        for (name, namespaces) in people {
            let key = try SSHKey()
            let line = "\(name) namespaces=\"\(namespaces)\" \(try key.publicLine)\n"
            circumstances.withLock { $0.lines[name] = line }
            keys.withLock { $0[name] = key }
        }
    }

    static let everything = "jitgate-request,jitgate-grant,jitgate-decision,jitgate-revocation"

    var now: Moment { circumstances.withLock { $0.now } }

    func desk(perPerson: Int = 20) -> RequestDesk {
        RequestDesk(
            database: database,
            limits: .init(lifetime: .seconds(86_400), perPerson: perPerson),
            verifier: { [self] in
                let text = circumstances.withLock { $0.lines.values.joined() }
                let signers = try? AllowedSigners(parsing: Array(text.utf8))
                return SignatureVerifier(allowedSigners: signers ?? AllowedSigners())
            },
            fleet: { [self] _ in circumstances.withLock { $0.fleet } },
            now: { [self] in now }
        )
    }

    func pass(_ time: Duration) {
        circumstances.withLock { $0.now = $0.now + time }
    }

    func sign(_ payload: [UInt8], by name: String, for namespace: String) throws -> [UInt8] {
        let key = try #require(keys.withLock { $0[name] })
        return try key.sign(payload, namespace: namespace)
    }

    /// The file by which somebody asks for a grant.
    func asking(_ grant: Grant, by name: String = "dana") throws -> [UInt8] {
        let payload = grant.payload()
        return payload + (try sign(payload, by: name, for: "jitgate-request"))
    }

    func approval(of grant: Grant, by name: String) throws -> [UInt8] {
        try sign(grant.payload(), by: name, for: "jitgate-grant")
    }

    func decision(
        _ kind: DecisionDocument.Kind,
        of grant: Grant,
        by name: String
    ) throws -> [UInt8] {
        let document = DecisionDocument(
            request: grant.id,
            payloadDigest: FileDigest.sha256(of: grant.payload()),
            decision: kind,
            reason: "no longer"
        )
        let payload = document.payload()
        return payload + (try sign(payload, by: name, for: "jitgate-decision"))
    }

    /// Has hosts report that they protect 22/tcp and need so many approvals.
    func report(_ approvals: [String: Int]) throws {
        let now = now
        for (name, count) in approvals {
            let posture = try Self.host(name, approvals: count, at: now)
            circumstances.withLock { $0.fleet.update(posture, at: now) }
        }
    }

    private static func host(
        _ name: String,
        approvals: Int,
        at now: Moment
    ) throws -> HostPosture {
        let rules = PortRules(
            maxDuration: .seconds(7200),
            widestIPv4: 24,
            widestIPv6: 56,
            allowedSources: [],
            approvals: approvals,
            separateRequestor: false,
            requireJustification: true,
            onExpiry: .terminate
        )
        let host = HostStatus.Host(
            hostname: name,
            machineID: nil,
            version: "0.1.0",
            kernel: "6.12",
            tableOwnership: "owned"
        )
        let instant = HostStatus.Instant(time: now, bootID: "", bootTime: 1)
        var status = HostStatus(of: host, at: instant)
        let policy = Policy(
            mode: .enforce,
            keepExisting: .reset,
            trusted: [],
            ports: ["22/tcp": rules],
            maxWait: .seconds(7 * 86_400)
        )
        status.apply(policy)
        return HostPosture(
            host: try #require(ShelfName(name)),
            group: "",
            state: .configured,
            status: status,
            size: 9,
            age: .zero,
            reason: nil,
            code: nil
        )
    }

    /// The events of the hub's log, in order.
    func events() async throws -> [String] {
        let database = database
        return try await database.read { statements throws(StorageError) in
            try statements.rows("SELECT event FROM activity ORDER BY position", [])
                .map { row throws(StorageError) in try row.text(0) }
        }
    }

    /// The lines of a shelf.
    func lines(of shelf: String) async throws -> [String] {
        try await database.lines(of: shelf)
    }
}

extension Database {
    /// The lines of a shelf as the store has them; what the hub serves follows in a moment.
    func lines(of shelf: String) async throws -> [String] {
        let content = try await read { statements throws(StorageError) in
            try statements.rows("SELECT content FROM shelf WHERE name = $1", [.text(shelf)])
                .first?.bytes(0)
        }
        return String(decoding: content ?? [], as: UTF8.self).split(separator: "\n")
            .map(String.init)
    }
}

extension RequestScene.Circumstances {
    static let start: Moment = "2026-12-01T10:00:00Z"
}

extension Grant {
    /// A request of dana for an hour.
    static func request(
        _ hosts: [String] = ["web-1"],
        id: GrantID = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11",
        sources: [Prefix] = ["192.0.2.7/32"],
        expires: Moment = "2026-12-01T14:00:00Z",
        ticket: String? = nil
    ) -> Grant {
        Grant(
            id: id,
            hosts: hosts.map { .name($0) },
            requestor: "dana",
            justification: "mend it",
            sources: sources,
            ports: ["22/tcp"],
            notBefore: nil,
            expires: expires,
            duration: .seconds(3600),
            ticket: ticket
        )
    }
}
