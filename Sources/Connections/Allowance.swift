package import Grants

/// Bytes that records which strangers cause may take in a day.
///
/// They accrue evenly, and an hour's worth of them may be taken at once. Of that each network of a
/// stranger's size (/24, /56) has a part, so that one cannot take it from all others. Once nothing is left there is nothing until a quarter of an hour's worth has accrued: what comes
/// meanwhile is told of in summaries.
package struct Allowance: Hashable, Sendable {
    /// Networks that are remembered; of others only the whole is held to its bound.
    private static let bound = 1024

    /// In bytes.
    package var perDay: Int64
    /// Of which a network has one.
    private let parts: Int64
    private var whole: ByteBucket
    private var shares: [Prefix: ByteBucket] = [:]
    private var isSpent = false

    /// `at` is in microseconds of a clock that never goes back.
    package init(perDay: Int64, parts: Int64, at boot: Int64) {
        self.perDay = perDay
        self.parts = parts
        whole = ByteBucket(full: perDay / 24, at: boot)
    }

    /// How many networks are remembered.
    var networkCount: Int { shares.count }

    /// Takes bytes for a record of a source, unless there are none left for it.
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

    /// Takes bytes for what has to be said, there being any or not.
    package mutating func spend(_ bytes: Int, at boot: Int64) {
        whole.refill(perDay: perDay, at: boot)
        whole.room = max(-perDay / 24, whole.room - Int64(bytes))
    }

    /// Whether so many bytes are there for somebody.
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

/// Bytes that accrue evenly, up to an hour's worth.
private struct ByteBucket: Hashable {
    private static let day: Int64 = 86_400

    /// In parts of a byte, as many as a day has seconds.
    private var parts: Int64
    private var refilledAt: Int64

    init(full room: Int64, at boot: Int64) {
        parts = room * Self.day
        refilledAt = boot
    }

    /// Whole bytes.
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
