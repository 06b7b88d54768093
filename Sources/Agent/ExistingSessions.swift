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
            var found: [OngoingSession] = []
            for port in ports {
                let peers = try sessions.peers(of: port)
                found += peers.compactMap {
                    OngoingSession(peer: $0.address, peerPort: $0.port, port: port)
                }
            }
            return found
        } catch {
            return []
        }
    }
}
