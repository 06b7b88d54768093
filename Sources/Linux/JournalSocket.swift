import CLinux
package import SystemPackage

/// The sending end of journald's native protocol; a message is one datagram.
package final class JournalSocket: Sendable {
    /// The socket of systemd-journald.
    package static let systemPath = "/run/systemd/journal/socket"

    private let sender: DatagramSender

    /// Opens the socket; the receiver at `path` need not exist yet.
    package init(path: String) throws(Errno) {
        sender = try DatagramSender(to: path)
    }

    /// Sends a message, encoded as fields; never blocks.
    ///
    /// - Throws: if journald did not get it: ENOENT or ECONNREFUSED if nobody listens, EAGAIN if
    ///   its queue is full.
    package func send(_ message: [UInt8]) throws(Errno) {
        do {
            try sender.send(message, with: nil)
        } catch .messageTooLong {
            try sendAsFile(message)
        } catch .noBufferSpace {
            try sendAsFile(message)
        }
    }

    /// Sends a message that is too large for a datagram as a sealed memory file, which cannot
    /// change while journald reads it.
    private func sendAsFile(_ message: [UInt8]) throws(Errno) {
        let memory = try OwnedDescriptor.opening {
            unsafe clinux_sealed_memory("jitgate-journal", message, message.count)
        }
        try sender.send([], with: memory.rawValue)
    }
}
