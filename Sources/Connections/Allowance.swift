package import Grants

/// The bytes a day that records caused by strangers may take.
///
/// They accrue evenly, and at most an hour's worth can be spent at once. Each network of the size
/// that one stranger may own (/24, /56) has a share of that, so that it cannot exhaust the others'.
/// An exhausted allowance stays closed until a quarter of an hour's worth has accrued; summaries
/// report the events in between.
package struct Allowance: Hashable, Sendable {
    /// The most networks remembered; further ones are limited by the whole alone.
    private static let bound = 1024

    /// The allowance in bytes.
    package var perDay: Int64
    /// The number of shares, of which a network has one.
    private let parts: Int64
    private var whole: ByteBucket
    private var shares: [Prefix: ByteBucket] = [:]
    private var isSpent = false

    /// Makes a full allowance; `at` is in microseconds of a clock that never goes back.
    package init(perDay: Int64, parts: Int64, at boot: Int64) {
        self.perDay = perDay
        self.parts = parts
        whole = ByteBucket(full: perDay / 24, at: boot)
    }

    /// The number of networks remembered.
    var networkCount: Int { shares.count }

    /// Spends bytes on a record about a source; `false` if its allowance does not suffice.
    package mutating func take(_ bytes: Int, for source: Address, at boot: Int64) -> Bool {
        guard hasRoom(for: bytes, at: boot) else { return false }
        let network = source.strangersNetwork
        var share = shares[network] ?? ByteBucket(full: perDay / parts / 24, at: boot)
        share.refill(perDay: perDay / parts, at: boot)
        guard share.room >= Int64(bytes) else { return false }
        share.room -= Int64(bytes)
        whole.room -= Int64(bytes)
        remember(share, of: network, at: boot)
        return true
    }

    /// Spends bytes on a record that must be written, even beyond the allowance.
    package mutating func spend(_ bytes: Int, at boot: Int64) {
        whole.refill(perDay: perDay, at: boot)
        whole.room = max(-perDay / 24, whole.room - Int64(bytes))
    }

    /// Returns whether the whole allowance has room for the bytes.
    package mutating func hasRoom(for bytes: Int, at boot: Int64) -> Bool {
        whole.refill(perDay: perDay, at: boot)
        if isSpent { isSpent = whole.room < perDay / 96 }
        if whole.room < Int64(bytes) { isSpent = true }
        return !isSpent
    }

    private mutating func remember(_ share: ByteBucket, of network: Prefix, at boot: Int64) {
        if shares[network] == nil, shares.count >= Self.bound {
            let part = perDay / parts
            shares = shares.filter { !$0.value.isFull(perDay: part, at: boot) }
            guard shares.count < Self.bound else { return }
        }
        shares[network] = share
    }
}

/// A token bucket of bytes, which holds at most an hour's worth.
private struct ByteBucket: Hashable {
    private static let day: Int64 = 86_400

    /// The content in parts of a byte; a byte has as many as a day has seconds.
    private var parts: Int64
    private var refilledAt: Int64

    init(full room: Int64, at boot: Int64) {
        parts = room * Self.day
        refilledAt = boot
    }

    /// The content in whole bytes.
    var room: Int64 {
        get { parts / Self.day }
        set { parts += (newValue - room) * Self.day }
    }

    mutating func refill(perDay: Int64, at boot: Int64) {
        let seconds = max(0, boot - refilledAt) / 1_000_000
        refilledAt += seconds * 1_000_000
        parts = min(perDay / 24 * Self.day, parts + min(seconds, 3600) * perDay)
    }

    func isFull(perDay: Int64, at boot: Int64) -> Bool {
        var later = self
        later.refill(perDay: perDay, at: boot)
        return later.room >= perDay / 24
    }
}
