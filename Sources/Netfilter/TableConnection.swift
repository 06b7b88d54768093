package import Netlink
import SystemPackage

/// A connection to nf_tables for one table of family inet: what changes it goes through here.
package struct TableConnection: ~Copyable {
    private let socket: NetlinkSocket
    private let table: String
    private var sequence: UInt32 = 1

    package init(table: String, over socket: consuming NetlinkSocket) {
        self.table = table
        self.socket = socket
    }

    /// The socket; the table belongs to it if it was made with the owner flag.
    package var fileDescriptor: Int32 { socket.fileDescriptor }

    /// Fills a batch and commits it: all of it holds when this returns, nothing if it throws.
    package mutating func commit(
        _ attempt: String,
        _ fill: (inout Batch) -> Void
    ) throws(NetfilterError) {
        var batch = Batch(table: table, sequence: sequence)
        fill(&batch)
        var answers = Acknowledgements(last: batch.seal())
        sequence = batch.sequence
        do {
            try socket.send(batch.bytes)
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
}
