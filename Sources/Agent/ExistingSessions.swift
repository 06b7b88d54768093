import AgentInterface
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

/// The order in which sessions may go on where there is no room for all: the caller's own, those of
/// people who have logged in, then all others.
///
/// Of each kind every neighbourhood (a /24, a /56) has its oldest one before any has its second, so
/// that no neighbourhood crowds out another one.
struct SessionOrder {
    private let callers: Set<OngoingSession>
    private let logins: Set<Address>

    /// `callers` are the sessions of the people who put enforce mode into force.
    init(callers: Set<OngoingSession> = []) {
        let all = (try? LoginSession.all()) ?? []
        self.init(
            callers: callers,
            logins: Set(all.compactMap { Address(networkBytes: $0.address)?.unmapped })
        )
    }

    init(callers: Set<OngoingSession>, logins: Set<Address>) {
        self.callers = callers
        self.logins = logins
    }

    func sorted<Item>(_ items: [Item], by session: (Item) -> FoundSession) -> [Item] {
        let byAge = items.map { (item: $0, found: session($0)) }.sorted {
            ($0.found.age, $0.found.peer.port) < ($1.found.age, $1.found.peer.port)
        }
        var taken: [Neighbourhood: Int] = [:]
        let placed = byAge.enumerated().map { index, entry in
            let rank = rank(of: entry.found)
            let neighbourhood = Neighbourhood(entry.found.peer.address, rank)
            let turn = taken[neighbourhood, default: 0]
            taken[neighbourhood] = turn + 1
            return (place: (rank, turn, index), item: entry.item)
        }
        return placed.sorted { $0.place < $1.place }.map(\.item)
    }

    private func rank(of found: FoundSession) -> Int {
        if let session = OngoingSession(found), callers.contains(session) { return 0 }
        return logins.contains(found.peer.address) ? 1 : 2
    }

    /// Addresses that one person can have all of, among the sessions of one rank.
    private struct Neighbourhood: Hashable {
        let network: Prefix
        let rank: Int

        init(_ address: Address, _ rank: Int) {
            network = Prefix(covering: address, length: address.family == .ipv4 ? 24 : 56)
            self.rank = rank
        }
    }
}

extension OngoingSession {
    init?(_ connection: SSHConnection) {
        let peer = connection.client.unmapped
        self.init(peer: peer, peerPort: connection.clientPort, port: connection.port)
    }
}

/// The sessions that are there when denying begins.
struct ExistingSessions {
    private(set) var kept: [OngoingSession] = []
    /// The number of sessions beyond those that may go on.
    private(set) var leftOut = 0

    /// Those at `ports` that no trusted network lets in.
    ///
    /// The callers' own have places besides `room`, also where nothing else can be found out.
    init(at ports: [Port], trusted: [Prefix], room: Int, callers: Set<OngoingSession>) {
        let own = callers.filter { ports.contains($0.port) }
        do throws(Errno) {
            var sessions = try SessionList()
            let found = try sessions.sessions(at: ports) { peer, _ in
                !trusted.contains { $0.contains(peer.address) }
            }
            let others = SessionOrder().sorted(found) { $0 }.compactMap(OngoingSession.init)
                .filter { !own.contains($0) }
            kept = Array(own) + others.prefix(room)
            leftOut = max(0, others.count - room)
        } catch {
            kept = Array(own)
        }
    }
}
