import Varlink

/// One answer for all who ask the same thing within a moment.
///
/// It is made once at a time, and kept for ten times as long as that took, so that questions take
/// no more than a tenth of the processor, however many peers ask. Peers other than root get an
/// answer that is up to a second old, unless something has changed since.
struct SharedAnswer {
    enum Step {
        /// An answer is there.
        case kept(EncodedReply)
        /// One is being made.
        case waiting
        /// An answer has to be made, for the present state.
        case make
    }

    private struct Kept {
        let reply: EncodedReply
        let revision: UInt64
        let madeAt: Int64
        /// The microseconds that it took to make.
        let spent: Int64
    }

    private static let freshness: Int64 = 1_000_000
    private static let price: Int64 = 10

    private var kept: Kept?
    /// The revision that an answer is being made for.
    private var making: UInt64?
    private var asking: [AnyPendingCall] = []
    /// The calls that came after that state had changed.
    private var later: [AnyPendingCall] = []

    var isIdle: Bool { making == nil }

    /// Takes a question about the state of `revision`; `now` is in microseconds.
    mutating func ask(
        _ call: AnyPendingCall,
        isRoot: Bool,
        _ revision: UInt64,
        at now: Int64
    ) -> Step {
        if let kept, kept.revision == revision {
            let age = max(Self.price * kept.spent, isRoot ? 0 : Self.freshness)
            if now - kept.madeAt < age { return .kept(kept.reply) }
        }
        guard let making else {
            asking = [call]
            making = revision
            return .make
        }
        if making == revision { asking.append(call) } else { later.append(call) }
        return .waiting
    }

    /// Takes the answer that was made; returns the calls that wait for it, and whether another has
    /// to be made for later ones.
    mutating func take(
        _ reply: EncodedReply,
        took spent: Int64,
        _ revision: UInt64,
        at now: Int64
    ) -> (answered: [AnyPendingCall], makesAnother: Bool) {
        let answered = asking
        kept = making.map { Kept(reply: reply, revision: $0, madeAt: now, spent: spent) }
        (asking, later) = (later.filter(\.isOpen), [])
        making = asking.isEmpty ? nil : revision
        return (answered, making != nil)
    }

    /// Discards an answer that may tell of two states at once: it is to be made again.
    mutating func makeAgain(_ revision: UInt64) {
        making = revision
        asking += later
        later = []
    }
}
