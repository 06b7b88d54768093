import Connections
import Grants
import Linux
import SystemPackage

/// Watches for the ends of sockets at ports where sessions may go on.
final class SessionMonitor {
    private let events: LoopEvents
    private var ended: EndedSockets?
    private var source: DescriptorSource?
    private var ports: Set<Port> = []

    init(_ events: LoopEvents) {
        self.events = events
        ended = nil
    }

    /// The TCP sessions at ports; `nil` where that cannot be found out.
    static func sessions(at ports: Set<Port>) -> [FoundSession]? {
        do throws(Errno) {
            var sessions = try SessionList()
            return try sessions.sessions(at: ports)
        } catch {
            return nil
        }
    }

    /// Watches for the ends of sockets of these ports alone; returns whether it did not before.
    ///
    /// With no ports it watches none.
    func watch(_ wanted: Set<Port>) -> Bool {
        guard wanted != ports else { return false }
        ended = nil
        source = nil
        ports = wanted
        guard !ports.isEmpty else { return false }
        do {
            let sockets = try EndedSockets(of: ports)
            source = try events.source(reading: sockets.fileDescriptor, .socketsEnded)
            ended = .some(sockets)
        } catch {
            // What has ended is seen at its limit then.
            source = nil
        }
        return true
    }

    /// The far ends of sockets that ended since the last time, and their ports; `nil` if not all of
    /// them can be told.
    func takeEnded() -> [(peer: Endpoint, port: Port)]? {
        do {
            return try ended?.drain() ?? []
        } catch {
            return nil
        }
    }
}
