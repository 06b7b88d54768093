package import Netlink
import SystemPackage

/// A connection to nf_tables for one table of family inet, through which all changes go.
package struct TableConnection: ~Copyable {
    let socket: NetlinkSocket
    let table: String
    private var batch: Batch
    private var sequence: UInt32 = 1

    /// Answers that the socket still holds, for a process before this one, are thrown away.
    package init(table: String, over socket: consuming NetlinkSocket) {
        self.table = table
        batch = Batch(table: table)
        while (try? socket.receive()) != nil {}
        self.socket = socket
    }

    /// The socket; the table belongs to it if it was made with the owner flag.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// The address of the socket, by which the kernel names it as an owner.
    package var portID: UInt32 { socket.portID }

    mutating func nextSequence() -> UInt32 {
        sequence &+= 1
        return sequence
    }

    /// Fills a batch and commits it: all of it holds when this returns, nothing if it throws.
    ///
    /// `generation` is what the ruleset must still be; ERESTART is thrown if it is not.
    package mutating func commit(
        _ attempt: String,
        onlyAt generation: UInt32?,
        _ fill: (inout Batch) -> Void
    ) throws(NetfilterError) {
        batch.begin(sequence: sequence, generation: generation)
        fill(&batch)
        guard !batch.isEmpty else { return }
        var answers = Acknowledgements(last: batch.seal())
        sequence = batch.sequence
        do throws(Errno) {
            try transmit()
            // The kernel runs the batch inside send: all answers are queued by now.
            while let datagram = try socket.receive() { answers.take(datagram) }
        } catch {
            throw NetfilterError(attempt: attempt, errno: error)
        }
        switch answers.outcome {
        case .committed: return
        case .refused(_, let error):
            throw NetfilterError(attempt: attempt, errno: Errno(rawValue: error))
        case .waiting: throw NetfilterError(attempt: attempt, errno: .noBufferSpace)
        }
    }

    private func transmit() throws(Errno) {
        try unsafe batch.messages.withBytes { (bytes) throws(Errno) in
            try unsafe socket.send(bytes)
        }
    }
}
