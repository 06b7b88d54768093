import Connections
import Enforcement
import Grants
import Linux
import SystemPackage

/// A session that grants would let drain, and until when.
struct SessionClaim {
    let found: FoundSession
    let session: OngoingSession
    let owners: [GrantID]
    let until: Moment

    /// `nil` for what is no TCP.
    init?(_ found: FoundSession, _ owners: [GrantID], _ until: Moment) {
        guard let session = OngoingSession(found) else { return nil }
        self.found = found
        self.session = session
        self.owners = owners
        self.until = until
    }
}

extension OngoingSession {
    init?(_ found: FoundSession) {
        self.init(peer: found.peer.address, peerPort: found.peer.port, port: found.port)
    }
}

/// The order in which sessions may go on where there is no room for all: those of people who have
/// logged in, then the oldest.
struct SessionOrder {
    private let logins: Set<Address>

    init() {
        let all = (try? LoginSession.all()) ?? []
        logins = Set(all.compactMap { Address(networkBytes: $0.address)?.unmapped })
    }

    func precedes(_ one: FoundSession, _ other: FoundSession) -> Bool {
        place(of: one) < place(of: other)
    }

    private func place(of found: FoundSession) -> (Int, UInt32, UInt16) {
        (logins.contains(found.peer.address) ? 0 : 1, found.age, found.peer.port)
    }
}

/// The sessions that are there when denying begins.
struct ExistingSessions {
    private(set) var kept: [OngoingSession] = []
    /// How many more there were than may go on.
    private(set) var leftOut = 0

    /// Those at `ports` that no trusted network lets in; what cannot be found out is not among them.
    init(at ports: [Port], trusted: [Prefix], room: Int) {
        do throws(Errno) {
            var sessions = try SessionList()
            let order = SessionOrder()
            let found = try sessions.sessions(at: ports) { peer, _ in
                !trusted.contains { $0.contains(peer.address) }
            }
            .sorted(by: order.precedes).compactMap(OngoingSession.init)
            kept = Array(found.prefix(room))
            leftOut = found.count - kept.count
        } catch {
            return
        }
    }
}
