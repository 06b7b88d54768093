/// The order in which peers are served: one turn of one connection after the other.
///
/// Root comes first. Everybody else has an allowance of time by user id, a tenth of what passes with
/// a burst of two seconds' worth, so that no number of connections takes more of it. Of those who
/// have some left it is the turn of the user who used the least, and of that user's connections of
/// the one that has waited longest.
///
/// All times are microseconds of a clock that never goes back.
struct CallQueue {
    enum Turn: Hashable {
        case connection(Int)
        /// Those who wait have used up their allowance until then.
        case at(Int64)
        case nobody
    }

    private struct User {
        /// The connections that wait, the longest first.
        var waiting: [Int] = []
        /// The moment at which the time that was used is paid off.
        var paidAt: Int64 = .min
    }

    /// The microseconds that pay off one that was used.
    private static let price: Int64 = 10
    private static let burst: Int64 = 2_000_000
    /// Users of whom nothing needs to be known are forgotten when there are more than this.
    private static let knownUsers = 64

    private static let root: UInt32 = 0

    private var users: [UInt32: User] = [:]

    /// Lets a connection wait for its turn; one that does so already keeps its place.
    mutating func add(_ connection: Int, of user: UInt32) {
        guard users[user]?.waiting.contains(connection) != true else { return }
        users[user, default: User()].waiting.append(connection)
    }

    /// Forgets a connection that has gone.
    mutating func remove(_ connection: Int, of user: UInt32) {
        users[user]?.waiting.removeAll { $0 == connection }
    }

    /// Notes what was done for a user.
    mutating func charge(_ spent: Int64, to user: UInt32, at now: Int64) {
        guard user != Self.root, spent > 0 else { return }
        let paidAt = users[user]?.paidAt ?? .min
        users[user, default: User()].paidAt = max(paidAt, now) + spent * Self.price
        if users.count > Self.knownUsers { forgetIdle(at: now) }
    }

    /// Takes out the connection whose turn it is.
    mutating func next(at now: Int64) -> Turn {
        if let connection = take(from: Self.root) { return .connection(connection) }
        let waiting = users.filter { !$0.value.waiting.isEmpty }
        guard
            let first = waiting.min(by: {
                ($0.value.paidAt, $0.key) < ($1.value.paidAt, $1.key)
            })
        else { return .nobody }
        let allowedAt = first.value.paidAt == .min ? now : first.value.paidAt - Self.burst
        guard allowedAt <= now, let connection = take(from: first.key) else {
            return .at(allowedAt)
        }
        return .connection(connection)
    }

    private mutating func take(from user: UInt32) -> Int? {
        guard users[user]?.waiting.isEmpty == false else { return nil }
        return users[user]?.waiting.removeFirst()
    }

    private mutating func forgetIdle(at now: Int64) {
        users = users.filter { !$0.value.waiting.isEmpty || $0.value.paidAt > now }
    }
}
