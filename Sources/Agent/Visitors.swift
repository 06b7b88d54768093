import Connections
import Grants
import Linux
import SystemPackage

/// The edge to live connections, with what is remembered of them.
struct Visitors: ~Copyable {
    private var log: PacketLog?
    private var cutter: SessionCutter
    /// Readable while there are packets to take; `nil` where there are none to come.
    let logDescriptor: Int32?
    /// Why nobody says who comes and who tries; `nil` while somebody does.
    let logProblem: String?
    /// Why sessions could not be cut the last time that some had to be.
    private(set) var cutProblem: String?
    /// The connections that each grant let in: those on record and those that could not be
    /// recorded, which the next agent will not know of.
    var connections: [GrantID: Int] = [:]
    var tally: DenialTally
    var deniedCount = DeniedCount()
    /// Closed openings whose sessions are to be cut, until the kernel lets no more in.
    var uncut: Set<Opening> = []

    /// In the network namespace of the calling thread.
    ///
    /// Where another program has the NFLOG group the agent does without.
    init(group: UInt16, deniedPerSecond: Int) throws(Errno) {
        cutter = try SessionCutter()
        tally = DenialTally(perSecond: deniedPerSecond, at: ClockReading.now().bootMicroseconds)
        do throws(ConnectionsError) {
            let log = try PacketLog(group: group)
            logDescriptor = log.fileDescriptor
            self.log = .some(log)
            logProblem = nil
        } catch {
            log = nil
            logDescriptor = nil
            logProblem =
                "nobody records who comes and who tries: \(error);"
                + " stop that program, or set another audit.log_group, and restart jitgated"
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

    mutating func cut(_ closed: Set<Opening>, unless isCovered: (Address, Port) -> Bool) {
        let report = cutter.cut(closed, unless: isCovered)
        let problems = report.problems.map(\.description).joined(separator: "; ")
        cutProblem = problems.isEmpty ? nil : "sessions were not cut: \(problems)"
    }
}
