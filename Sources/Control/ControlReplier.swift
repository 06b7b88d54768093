/// Answers one call; may be kept and used later, on the engine's queue alone.
///
/// When the peer has gone every answer is dropped. A call that was answered once for all takes no
/// second answer.
package struct ControlReplier: Sendable {
    /// More than one reply is welcome; without it `send` says nothing.
    package let wantsMore: Bool
    private let server: ControlServer
    private let callID: CallID

    init(server: ControlServer, callID: CallID, wantsMore: Bool) {
        self.server = server
        self.callID = callID
        self.wantsMore = wantsMore
    }

    /// Whether the call still waits for an answer; `false` once the peer has gone.
    package var isOpen: Bool {
        server.assumeIsolated { $0.isWaiting(callID) }
    }

    /// Answers for good.
    package func finish(_ value: some WireValue) {
        reply(VarlinkReply(parameters: value.jsonValue))
    }

    /// Answers for good that it cannot be.
    package func fail(_ fault: ControlFault) {
        reply(VarlinkReply(fault))
    }

    /// Answers, and more will follow.
    package func send(_ value: some WireValue) {
        guard wantsMore else { return }
        reply(VarlinkReply(parameters: value.jsonValue, continues: true))
    }

    private func reply(_ reply: VarlinkReply) {
        server.assumeIsolated { $0.answer(callID, with: reply) }
    }
}

/// Which call on which connection.
struct CallID: Hashable, Sendable {
    let connection: Int
    let number: Int
}
