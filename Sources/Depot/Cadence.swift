/// The moments at which a depot is asked (docs/PROTOCOL.depot, section 5).
///
/// A moment is a reading of a clock that is never set, as the time since an arbitrary origin.
package struct Cadence: Hashable, Sendable {
    /// The longest pause before the first request and after failures.
    package static let longestPause: Duration = .seconds(60)
    /// The longest time that an answer can silence a host, before a fifth is added at random.
    package static let longestRetryAfter: Duration = .seconds(3600)

    /// The mean time between two rounds.
    package let every: Duration
    /// The moment of the next round.
    package private(set) var due: Duration
    /// Failures since the last answer.
    package private(set) var failures = 0

    /// Puts the first round at random within a minute after `now`.
    package init(
        every: Duration,
        startingAt now: Duration,
        using random: inout some RandomNumberGenerator
    ) {
        self.every = every
        due = now + Self.random(upTo: Self.longestPause, using: &random)
    }

    /// The depot answered: the next round comes after the usual time.
    package mutating func answered(
        at now: Duration,
        using random: inout some RandomNumberGenerator
    ) {
        failures = 0
        due = now + Self.around(every, using: &random)
    }

    /// The depot answered after it had waited for news: it is asked again at once, almost.
    package mutating func waited(at now: Duration, using random: inout some RandomNumberGenerator) {
        failures = 0
        due = now + .seconds(1) + Self.random(upTo: .seconds(1), using: &random)
    }

    /// The depot did not answer, or asked to be left alone.
    package mutating func failed(
        at now: Duration,
        retryAfter: Duration?,
        using random: inout some RandomNumberGenerator
    ) {
        failures = min(failures + 1, 1 << 20)
        let pause = Self.pause(afterFailures: failures, using: &random)
        due = now + max(pause, Self.obeyed(retryAfter, using: &random))
    }

    /// A time at random within min(60 s, 2^n s).
    package static func pause(
        afterFailures failures: Int,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let longest = min(Self.longestPause, .seconds(1 << min(max(failures, 0), 6)))
        return Self.random(upTo: longest, using: &random)
    }

    static func obeyed(
        _ retryAfter: Duration?,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        guard let retryAfter, retryAfter > .zero else { return .zero }
        let asked = min(retryAfter, longestRetryAfter)
        return asked + Self.random(upTo: asked / 5, using: &random)
    }

    /// A time at random within a fifth of a mean one.
    package static func around(
        _ mean: Duration,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        mean - mean / 5 + Self.random(upTo: mean / 5 * 2, using: &random)
    }

    static func random(
        upTo longest: Duration,
        using random: inout some RandomNumberGenerator
    ) -> Duration {
        let milliseconds =
            longest.components.seconds * 1000
            + longest.components.attoseconds / 1_000_000_000_000_000
        return .milliseconds(Int64.random(in: 0...max(milliseconds, 0), using: &random))
    }
}
