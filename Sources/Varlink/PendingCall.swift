/// A call that waits for its replies; may be kept and answered later, on the server's queue alone.
///
/// Once the peer has gone every reply is dropped. A call that was answered for good takes no second
/// answer.
package struct PendingCall<Reply: VarlinkCodable>: Sendable {
    /// The same call for code that handles replies of any type.
    package let untyped: AnyPendingCall

    package init(_ untyped: AnyPendingCall) {
        self.untyped = untyped
    }

    /// True if more than one reply is welcome; without it `send` says nothing.
    package var wantsMore: Bool { untyped.wantsMore }

    /// True if the call still waits for a reply; `false` once the peer has gone.
    package var isOpen: Bool { untyped.isOpen }

    /// Answers for good.
    package func finish(_ reply: Reply) { untyped.finish(reply) }

    /// Answers for good with an error.
    package func fail(_ error: VarlinkError) { untyped.fail(error) }

    /// Answers, and more will follow.
    package func send(_ reply: Reply) { untyped.send(reply) }

    /// Answers with replies that were encoded before, and more will follow.
    package func send(_ reply: EncodedReply) { untyped.send(reply) }
}

/// A call that waits for replies of any type.
package struct AnyPendingCall: Sendable {
    package let wantsMore: Bool
    private let server: VarlinkServer
    private let callID: CallID

    init(server: VarlinkServer, callID: CallID, wantsMore: Bool) {
        self.server = server
        self.callID = callID
        self.wantsMore = wantsMore
    }

    package var isOpen: Bool {
        server.assumeIsolated { $0.isWaiting(callID) }
    }

    /// Counts work that was done for the call elsewhere than in its turn.
    package func charge(_ spent: Duration) {
        let (seconds, attoseconds) = spent.components
        server.assumeIsolated {
            $0.charge(seconds * 1_000_000 + attoseconds / 1_000_000_000_000, for: callID)
        }
    }

    package func finish(_ reply: some VarlinkCodable) {
        if isOpen { self.reply(EncodedReply(reply)) }
    }

    /// Answers for good with a reply that was encoded before.
    package func finish(_ reply: EncodedReply) {
        self.reply(reply)
    }

    package func fail(_ error: VarlinkError) {
        if isOpen { reply(EncodedReply(VarlinkReply(error))) }
    }

    package func send(_ reply: some VarlinkCodable) {
        if isOpen, wantsMore { send(EncodedReply(continuing: [reply])) }
    }

    package func send(_ reply: EncodedReply) {
        guard wantsMore else { return }
        self.reply(reply)
    }

    private func reply(_ reply: EncodedReply) {
        server.assumeIsolated { $0.answer(callID, with: reply) }
    }
}

/// The number of a call on its connection.
struct CallID: Hashable, Sendable {
    let connection: Int
    let number: Int
}
