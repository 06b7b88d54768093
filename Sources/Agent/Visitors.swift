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
    var tally: DenialTally
    var deniedCount = DeniedCount()
    /// Closed openings whose sessions are to be cut, until the kernel lets no more in.
    var uncut = Uncut()

    /// In the network namespace of the calling thread.
    init(group: UInt16, deniedPerSecond: Int) throws(Errno) {
        cutter = try SessionCutter()
        tally = DenialTally(perSecond: deniedPerSecond, at: ClockReading.now().bootMicroseconds)
        self.group = group
        log = nil
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

    /// Cuts the sessions of all that is uncut, but those that something else covers; of what has
    /// lapsed also those that the gate lets go on.
    mutating func cut(
        by shape: GateShape,
        unless isCovered: (Endpoint, Port) -> Bool,
        goingOn: (Endpoint, Port) -> Bool
    ) {
        let ended = cutter.cut(uncut.ended, unless: isCovered)
        let lapsed = cutter.cut(
            uncut.lapsed.subtracting(uncut.ended),
            keeping: { shape.goingOn(at: $0).map(\.bytes) },
            unless: { isCovered($0, $1) || goingOn($0, $1) }
        )
        let problems = (ended.problems + lapsed.problems).map(\.description)
        cutProblem =
            problems.isEmpty
            ? nil : "sessions were not cut: " + problems.joined(separator: "; ")
    }
}
