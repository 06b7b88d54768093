import Enforcement
import Foundation
import Grants
import Netfilter
import Synchronization
import TestSupport

func opening(_ source: String, _ port: String = "22/tcp") throws -> Opening {
    Opening(source: try Prefix(parsing: source), port: try Port(parsing: port))
}

func shape(denies: Bool = true, trusted: [String] = []) throws -> FirewallPolicy {
    FirewallPolicy(
        denies: denies,
        protected: [try Port(parsing: "22/tcp"), try Port(parsing: "3389/udp")],
        trusted: try trusted.map { try Prefix(parsing: $0) },
        logGroup: 22,
        deniedPerSecond: 10
    )
}

/// A gate that lives in a namespace; every call goes to the kernel.
final class HeldGate: Sendable {
    private let gate: Mutex<Firewall>
    /// The beginning of the scene, from which times are counted.
    let begin: ContinuousClock.Instant

    init(
        adopting descriptor: Int32? = nil,
        highest: TableOwnership = .owned,
        features: KernelFeatures? = nil,
        begin: ContinuousClock.Instant = .now
    ) throws {
        self.begin = begin
        var table = try KernelTable(adopting: descriptor, highest: highest)
        table.features = features
        gate = Mutex(Firewall(table))
    }

    /// A scene as on a kernel of this age.
    convenience init(on kernel: KernelAge, begin: ContinuousClock.Instant = .now) throws {
        try self.init(highest: kernel.ownership, features: kernel.features, begin: begin)
    }

    func call<Value: Sendable>(
        _ body: (inout Firewall) throws -> sending Value
    ) throws -> Value {
        try gate.withLock { try body(&$0) }
    }

    @discardableResult
    func install(
        _ shape: FirewallPolicy,
        trial: GateTrial? = nil,
        open wanted: [Opening: Duration] = [:],
        existing: [OngoingSession] = []
    ) throws -> Reconciliation {
        let left = wanted.mapValues { $0 - begin.duration(to: .now) }
        return try call {
            try $0.reconcile(shape, trial: trial, open: left, existing: { _, _ in existing })
        }
    }

    func restore(
        after extent: Tampering.Extent,
        open wanted: [Opening: Duration]
    ) throws -> Bool {
        let left = wanted.mapValues { $0 - begin.duration(to: .now) }
        return try call { try $0.restore(after: extent, open: left) }
    }

    func commit(_ change: [Opening: Duration?]) throws {
        try call { try $0.commit(change) }
    }

    func traffic(_ opening: Opening) throws -> Traffic? {
        try call { try $0.traffic(of: [opening])[opening] }
    }

    var ownership: TableOwnership {
        gate.withLock { $0.table.ownership }
    }

    var descriptor: Int32 {
        gate.withLock { $0.table.ownerDescriptor }
    }

    var port: UInt32 {
        gate.withLock { $0.table.port }
    }
}

/// A server with a gate, and a client.
struct GateScene: JoinedHosts {
    let server: NetworkNamespace
    let client: NetworkNamespace
    let gate: HeldGate

    init(highest: TableOwnership = .owned) throws {
        try self.init { try HeldGate(highest: highest) }
    }

    /// A gate as on a kernel of this age.
    init(on kernel: KernelAge) throws {
        try self.init { try HeldGate(on: kernel) }
    }

    private init(gate: @Sendable @escaping () throws -> HeldGate) throws {
        server = try NetworkNamespace()
        client = try Self.client(of: server)
        self.gate = try server.run { try gate() }
    }

    /// Another gate in the same namespace, as a process that starts later has it.
    func laterGate(adopting descriptor: Int32? = nil, highest: TableOwnership = .owned) throws
        -> HeldGate
    {
        try server.run { [begin = gate.begin] in
            try HeldGate(adopting: descriptor, highest: highest, begin: begin)
        }
    }

    /// Another gate in the same namespace on a kernel of this age.
    func laterGate(on kernel: KernelAge) throws -> HeldGate {
        try server.run { [begin = gate.begin] in try HeldGate(on: kernel, begin: begin) }
    }

    var listing: String {
        get throws { try server.command("nft", "list", "table", "inet", "jitgate") }
    }

    func nft(_ command: String) throws {
        try server.command("nft", command)
    }
}
