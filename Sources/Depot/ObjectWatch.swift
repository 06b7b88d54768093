/// The state of one object of a depot that is asked for again and again.
package struct ObjectWatch: Hashable, Sendable {
    /// The result of the last request.
    package enum State: String, Hashable, Sendable {
        case unasked
        case ok
        case absent
        case failing
    }

    /// The interval, in requests, at which one omits If-None-Match: an ETag made of size and
    /// seconds may lie.
    package static let unconditionalEvery = 30
    /// The longest ETag that is used, in bytes.
    static let longestTag = 256

    package private(set) var state = State.unasked
    private var tag: String?
    private var requests = 0
    private var failures = 0
    /// The moment before which the object is not asked for.
    private var resting: Duration = .zero

    package init() {}

    /// Returns true if the object may be asked for at `now`; one that failed has a rest.
    package func isDue(at now: Duration) -> Bool { now >= resting }

    /// Counts a request, and returns the ETag for its If-None-Match.
    package mutating func nextCondition() -> String? {
        defer { requests += 1 }
        return requests.isMultiple(of: Self.unconditionalEvery) ? nil : tag
    }

    /// The object was taken, under an ETag.
    package mutating func taken(tag: String?) {
        self.tag = tag.flatMap { Self.isUsable($0) ? $0 : nil }
        settle(.ok)
    }

    package mutating func unchanged() { settle(.ok) }

    package mutating func absent() {
        tag = nil
        settle(.absent)
    }

    /// Notes a useless answer; the object that was taken before stays.
    package mutating func failed(at now: Duration, using random: inout some RandomNumberGenerator) {
        failures = min(failures + 1, 1 << 20)
        state = .failing
        resting = now + Cadence.pause(afterFailures: failures, using: &random)
    }

    private mutating func settle(_ state: State) {
        self.state = state
        failures = 0
        resting = .zero
    }

    private static func isUsable(_ tag: String) -> Bool {
        (1...longestTag).contains(tag.utf8.count)
            && tag.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }
}
