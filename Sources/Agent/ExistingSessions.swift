import Connections
import Enforcement
import Grants
import SystemPackage

/// The sessions that are there when denying begins.
enum ExistingSessions {
    /// Those at `ports`; what cannot be found out is not among them.
    static func list(at ports: [Port]) -> [OngoingSession] {
        do throws(Errno) {
            var sessions = try SessionList()
            return try sessions.sessions(at: ports).compactMap {
                OngoingSession(peer: $0.peer.address, peerPort: $0.peer.port, port: $0.port)
            }
        } catch {
            return []
        }
    }
}
