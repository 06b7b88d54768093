import Configuration
import Connections
import Enforcement
import Grants
import Linux
import SystemPackage

/// Closed openings whose sessions have not been cut yet.
struct Uncut {
    /// Somebody wants the sessions gone, whatever else lets them go on.
    var ended: Set<Opening> = []
    /// Nothing lets new ones in; what policy lets end by itself may.
    var lapsed: Set<Opening> = []

    var isEmpty: Bool { ended.isEmpty && lapsed.isEmpty }

    mutating func add(_ opening: Opening, because reason: EndReason) {
        if reason == .expired { lapsed.insert(opening) } else { ended.insert(opening) }
    }
}

/// The edge to live connections, with what is remembered of them.
struct Visitors: ~Copyable {
    private var log: PacketLog?
    private var cutter: SessionCutter
    private var ended: EndedSockets?
    private var endedSource: DescriptorSource?
    private var watchedPorts: Set<Port> = []
    private let group: UInt16
    /// Tells of packets to take; `nil` while nobody would hear of any.
    private var source: DescriptorSource?
    /// Why nobody says who comes and who tries; `nil` while somebody does.
    private(set) var logProblem: String?
    /// Why sessions could not be cut the last time that some had to be.
    private(set) var cutProblem: String?
    /// The connections that each grant let in: those on record and those that could not be
    /// recorded, which the next agent will not know of.
    var connections: [GrantID: Int] = [:]
    /// What of those who came and who tried is not on record.
    var tallies: VisitTallies
    private var prover: ConnectionProver
    /// Closed openings whose sessions are to be cut, until the kernel lets no more in.
    var uncut = Uncut()

    /// In the network namespace of the calling thread.
    init(_ configuration: Configuration) throws(Errno) {
        let prover = try ConnectionProver()
        cutter = try SessionCutter()
        self.prover = prover
        tallies = VisitTallies(configuration, at: ClockReading.now().bootMicroseconds)
        group = configuration.logGroup
        log = nil
        ended = nil
    }

    /// Whether somebody hears of packets that are logged.
    var isListening: Bool { source != nil }

    /// Takes the NFLOG group, unless another program has it; `handler` is told of packets.
    mutating func listen(
        on executor: EngineExecutor,
        _ handler: @escaping @Sendable () -> Void
    ) {
        guard !isListening else { return }
        do {
            let log = try PacketLog(group: group)
            source = try DescriptorSource(
                reading: log.fileDescriptor,
                on: executor,
                handler: handler
            )
            self.log = .some(log)
            logProblem = nil
        } catch {
            logProblem =
                "nobody records who comes and who tries: \(error);"
                + " stop that program, or set another audit.log_group and restart jitgated"
        }
    }

    /// Takes what was logged since the last time.
    mutating func takePackets() -> LoggedPackets {
        do {
            return try log?.drain() ?? LoggedPackets()
        } catch {
            return LoggedPackets()  // The next reading tells by a gap what was lost.
        }
    }

    /// Whether packets are to be looked at or summaries to be made, though nobody comes.
    func isDue(at boot: Int64) -> Bool { tallies.dueAt.map { $0 <= boot } ?? false }

    /// Looks for the sockets of connections that conntrack does not vouch for.
    mutating func prove(at boot: Int64) -> UnprovedUses.Findings {
        let due = tallies.proofs.due(at: boot)
        guard !due.isEmpty else { return UnprovedUses.Findings() }
        let sockets = (try? prover.sockets(for: due)) ?? [:]
        return tallies.proofs.take(sockets, of: due, at: boot)
    }

    /// Cuts the sessions of all that is uncut, but those that something else covers; of what has
    /// lapsed also those that the gate lets go on.
    ///
    /// Answers those whose ends the gate has to reset.
    mutating func cut(
        unless isCovered: (Endpoint, Port) -> Bool,
        goingOn: (Endpoint, Port) -> Bool
    ) -> Set<PublishedSession> {
        let ended = cutter.cut(uncut.ended, unless: isCovered)
        let lapsed = cutter.cut(
            uncut.lapsed.subtracting(uncut.ended),
            unless: { isCovered($0, $1) || goingOn($0, $1) }
        )
        note(ended.problems + lapsed.problems)
        return ended.published.union(lapsed.published)
    }

    /// Has both ends of sessions reset by the gate, which knows of them, at once.
    mutating func provoke(_ sessions: Set<PublishedSession>) {
        do {
            try ProbeSender.provoke(sessions, priority: GateNames.probePriority)
        } catch .notPermitted, .permissionDenied, .addressFamilyNotSupported {
            // Without raw sockets, as in the unit's sandbox, the gate resets each end at its next packet.
        } catch {
            note([.refused(attempt: "have published sessions reset before they go on", error)])
        }
    }

    private mutating func note(_ problems: [ConnectionsError]) {
        let texts = problems.map(\.description)
        cutProblem =
            texts.isEmpty ? nil : "sessions were not cut: " + texts.joined(separator: "; ")
    }

    // MARK: sessions that may go on

    /// The TCP sessions at ports; `nil` where that cannot be found out.
    func allSessions(at ports: Set<Port>) -> [FoundSession]? {
        do throws(Errno) {
            var sessions = try SessionList()
            return try sessions.sessions(at: ports)
        } catch {
            return nil
        }
    }

    /// Hears of the ends of sockets of ports, of no others; answers whether it did not before.
    ///
    /// With no ports it hears of none.
    mutating func watchSockets(
        of ports: Set<Port>,
        on executor: EngineExecutor,
        _ handler: @escaping @Sendable () -> Void
    ) -> Bool {
        guard ports != watchedPorts else { return false }
        ended = nil
        endedSource = nil
        watchedPorts = ports
        guard !ports.isEmpty else { return false }
        do {
            let sockets = try EndedSockets(of: ports)
            let descriptor = sockets.fileDescriptor
            endedSource = try DescriptorSource(reading: descriptor, on: executor, handler: handler)
            ended = .some(sockets)
        } catch {
            // What has ended is seen at its limit then.
            endedSource = nil
        }
        return true
    }

    /// The far ends of sockets that ended since the last time, and their ports; `nil` if not all of
    /// them can be told.
    mutating func takeEndedSockets() -> [(peer: Endpoint, port: Port)]? {
        do {
            return try ended?.drain() ?? []
        } catch {
            return nil
        }
    }
}
