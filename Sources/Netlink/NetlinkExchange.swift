package import SystemPackage

/// Questions to the kernel, which answers them while they are sent or, for dumps, while it is read.
extension NetlinkSocket {
    private static let errorType: UInt16 = 2  // NLMSG_ERROR, linux/netlink.h
    private static let doneType: UInt16 = 3  // NLMSG_DONE

    /// Asks for a dump, or for one thing with NLM_F_ACK, and takes every answer.
    ///
    /// - Throws: what the kernel refused it with; `noBufferSpace` if answers were lost.
    package func ask(
        _ request: NetlinkRequest,
        each take: (NetlinkMessage) -> Void
    ) throws(Errno) {
        try send(request.bytes)
        while let datagram = try receive() {
            for message in NetlinkMessage.all(in: datagram)
            where message.sequence == request.sequence {
                guard message.type == Self.errorType || message.type == Self.doneType else {
                    take(message)
                    continue
                }
                // The end of a dump has an errno as well, if it could not be finished.
                let error = -Int32(bitPattern: message.payload.native32(at: 0))
                guard error <= 0 else { throw Errno(rawValue: error) }
                return
            }
        }
        throw .noBufferSpace
    }

    /// Sends requests that each ask for an acknowledgement; answers what was refused, by sequence.
    package func carryOut(_ requests: [NetlinkRequest]) throws(Errno) -> [UInt32: Errno] {
        guard !requests.isEmpty else { return [:] }
        try send(requests.flatMap(\.bytes))
        var refused: [UInt32: Errno] = [:]
        while let datagram = try receive() {
            for message in NetlinkMessage.all(in: datagram) where message.type == Self.errorType {
                let error = -Int32(bitPattern: message.payload.native32(at: 0))
                if error != 0 { refused[message.sequence] = Errno(rawValue: error) }
            }
        }
        return refused
    }
}
