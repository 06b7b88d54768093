package import Varlink

/// Answers one call; may be kept and used later, on the engine's queue alone.
///
/// When the peer has gone every answer is dropped. A call that was answered once for all takes no
/// second answer.
package struct PendingCall: Sendable {
    /// More than one reply is welcome; without it `send` says nothing.
    package let wantsMore: Bool
    private let server: VarlinkServer
    private let callID: CallID

    init(server: VarlinkServer, callID: CallID, wantsMore: Bool) {
        self.server = server
        self.callID = callID
        self.wantsMore = wantsMore
    }

    /// Whether the call still waits for an answer; `false` once the peer has gone.
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

    /// Answers for good.
    package func finish(_ value: some VarlinkCodable) {
        if isOpen { reply(EncodedReply(value)) }
    }

    /// Answers for good, with what was made before.
    package func finish(_ reply: EncodedReply) {
        self.reply(reply)
    }

    /// Answers for good that it cannot be.
    package func fail(_ fault: VarlinkError) {
        if isOpen { reply(EncodedReply(VarlinkReply(fault))) }
    }

    /// Answers, and more will follow.
    package func send(_ value: some VarlinkCodable) {
        if isOpen, wantsMore { send(EncodedReply(continuing: [value])) }
    }

    /// Answers with what was made before, and more will follow.
    package func send(_ reply: EncodedReply) {
        guard wantsMore else { return }
        self.reply(reply)
    }

    private func reply(_ reply: EncodedReply) {
        server.assumeIsolated { $0.answer(callID, with: reply) }
    }
}

/// Which call on which connection.
struct CallID: Hashable, Sendable {
    let connection: Int
    let number: Int
}
