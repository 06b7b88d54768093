/// A reply as the bytes that go on to the socket: made once, whatever number of peers gets it.
package struct EncodedReply: Sendable {
    let frame: [UInt8]
    /// Another reply to the same call follows.
    let continues: Bool

    /// An answer for good.
    package init(_ value: some VarlinkCodable) {
        self.init(VarlinkReply(parameters: value.jsonValue))
    }

    /// Answers of which more follow, one after the other.
    package init(continuing values: [some VarlinkCodable]) {
        frame = values.flatMap {
            MessageFraming.frame(
                VarlinkReply(parameters: $0.jsonValue, continues: true).message
            )
        }
        continues = true
    }

    /// An error, for good.
    package init(failing error: VarlinkError) {
        self.init(VarlinkReply(error))
    }

    init(_ reply: VarlinkReply) {
        frame = MessageFraming.frame(reply.message)
        continues = reply.continues
    }
}
