package import SystemPackage

/// Requests to the kernel, which answers them during the send or, for dumps, during the reads.
extension NetlinkSocket {
    private static let errorType: UInt16 = 2  // NLMSG_ERROR, linux/netlink.h
    private static let doneType: UInt16 = 3  // NLMSG_DONE

    /// Requests a dump, or one object with NLM_F_ACK, and reads all answers.
    ///
    /// - Throws: the kernel's refusal; `noBufferSpace` if answers were lost.
    package func ask(
        _ request: NetlinkRequest,
        each take: (NetlinkMessage) -> Void
    ) throws(Errno) {
        try send(request.bytes)
        let isComplete = try receiveAll { (datagram) throws(Errno) in
            for message in NetlinkMessage.all(in: datagram)
            where message.sequence == request.sequence {
                guard message.type == Self.errorType || message.type == Self.doneType else {
                    take(message)
                    continue
                }
                // The end of a dump carries an errno too, if the dump could not be finished.
                let error = -Int32(bitPattern: message.payload.native32(at: 0))
                guard error <= 0 else { throw Errno(rawValue: error) }
                return true
            }
            return false
        }
        guard isComplete else { throw .noBufferSpace }
    }

    /// Sends requests that each ask for an acknowledgement; returns the refused ones, by sequence.
    package func carryOut(_ requests: [NetlinkRequest]) throws(Errno) -> [UInt32: Errno] {
        guard !requests.isEmpty else { return [:] }
        try send(requests.flatMap(\.bytes))
        var refused: [UInt32: Errno] = [:]
        _ = try receiveAll { (datagram) throws(Errno) in
            for message in NetlinkMessage.all(in: datagram) where message.type == Self.errorType {
                let error = -Int32(bitPattern: message.payload.native32(at: 0))
                if error != 0 { refused[message.sequence] = Errno(rawValue: error) }
            }
            return false
        }
        return refused
    }
}
