import Conditions
import AgentSettings
import Connections
import Enforcement
import Grants
import Linux
import SystemPackage

/// Receives the logged packets of connections and attempts, and keeps counts of them.
final class ConnectionMonitor {
    private var log: PacketLog?
    private let group: UInt16
    private let events: LoopEvents
    /// The source of packets; `nil` while no packet would arrive.
    private var source: DescriptorSource?
    private let conditions: HostConditions
    /// The connections that each grant let in: those on record and those that could not be
    /// recorded, which the next agent will not know of.
    private(set) var connections: [GrantID: Int]
    /// The connections and attempts that are not on record.
    var tallies: VisitTallies
    private var prover: ConnectionProver

    /// In the network namespace of the calling thread.
    init(
        _ prover: consuming ConnectionProver,
        _ configuration: Configuration,
        resuming connections: [GrantID: Int],
        _ events: LoopEvents,
        _ conditions: HostConditions
    ) {
        self.conditions = conditions
        self.prover = prover
        self.events = events
        self.connections = connections
        tallies = VisitTallies(configuration, at: ClockReading.now().bootMicroseconds)
        group = configuration.logGroup
        log = nil
    }

    /// True while somebody receives the packets that are logged.
    var isListening: Bool { source != nil }

    /// Takes the NFLOG group, unless another program has it.
    func listen() {
        guard !isListening else { return }
        do {
            let log = try PacketLog(group: group)
            source = try events.source(reading: log.fileDescriptor, .packetsCame)
            self.log = .some(log)
            conditions.set(.packetLogTaken, nil)
        } catch {
            conditions.set(
                .packetLogTaken,
                AgentConditions.packetLogTaken(group, because: "\(error)")
            )
        }
    }

    /// Takes the packets that were logged since the last time.
    func takePackets() -> LoggedPackets {
        do {
            return try log?.drain() ?? LoggedPackets()
        } catch {
            return LoggedPackets()  // The next reading tells by a gap what was lost.
        }
    }

    /// True if packets must be looked at or summaries made, though no packet comes.
    func isDue(at boot: Int64) -> Bool { tallies.dueAt.map { $0 <= boot } ?? false }

    /// Looks for the sockets of connections that conntrack does not vouch for.
    func prove(at boot: Int64) -> UnprovedUses.Findings {
        let due = tallies.proofs.due(at: boot)
        guard !due.isEmpty else { return UnprovedUses.Findings() }
        let sockets = (try? prover.sockets(for: due)) ?? [:]
        return tallies.proofs.take(sockets, of: due, at: boot)
    }

    /// A grant let a connection in.
    func count(_ id: GrantID) { connections[id, default: 0] += 1 }

    /// Takes the number of connections that an ending grant let in.
    func takeCount(of id: GrantID) -> Int { connections.removeValue(forKey: id) ?? 0 }
}
