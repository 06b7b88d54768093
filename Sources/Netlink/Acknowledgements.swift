/// The kernel's answer to a batch: committed, or refused as a whole.
///
/// A failed batch still acknowledges its last message, so success needs the acknowledgement of the
/// last sequence and no error for any. A lost answer proves nothing: read the state again.
package struct Acknowledgements: Sendable {
    package enum Outcome: Hashable, Sendable {
        /// The acknowledgement of the last message is still missing.
        case waiting
        case committed
        /// The sequence of the message at fault and its errno.
        case refused(sequence: UInt32, error: Int32)
    }

    private static let errorType: UInt16 = 2  // NLMSG_ERROR, linux/netlink.h

    private let last: UInt32
    private var isAcknowledged = false
    private var failure: (sequence: UInt32, error: Int32)?

    /// - Parameter last: the sequence of the message that asks for an acknowledgement.
    package init(last: UInt32) {
        self.last = last
    }

    /// Reads one datagram of answers.
    package mutating func take(_ datagram: [UInt8]) {
        for message in NetlinkMessage.all(in: datagram) where message.type == Self.errorType {
            let error = 0 &- Int32(bitPattern: message.payload.native32(at: 0))
            if error != 0 {
                if failure == nil { failure = (message.sequence, error) }
            } else if message.sequence == last {
                isAcknowledged = true
            }
        }
    }

    package var outcome: Outcome {
        if let failure { return .refused(sequence: failure.sequence, error: failure.error) }
        return isAcknowledged ? .committed : .waiting
    }
}
