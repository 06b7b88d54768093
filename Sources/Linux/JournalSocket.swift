import CLinux
package import SystemPackage

/// The sending end of journald's native protocol; a message is one datagram.
package final class JournalSocket: Sendable {
    /// Where systemd-journald listens.
    package static let systemPath = "/run/systemd/journal/socket"

    private let sender: DatagramSender

    /// Nobody needs to listen at `path` yet.
    package init(path: String) throws(Errno) {
        sender = try DatagramSender(to: path)
    }

    /// Sends a message, encoded as fields; never waits.
    ///
    /// - Throws: what says that journald did not get it: ENOENT or ECONNREFUSED where nobody
    ///   listens, EAGAIN where its queue is full.
    package func send(_ message: [UInt8]) throws(Errno) {
        do {
            try sender.send(message, with: nil)
        } catch .messageTooLong {
            try sendAsFile(message)
        } catch .noBufferSpace {
            try sendAsFile(message)
        }
    }

    /// What is too large for a datagram goes as a sealed memory file, which journald can trust not
    /// to change while it reads.
    private func sendAsFile(_ message: [UInt8]) throws(Errno) {
        let memory = try OwnedDescriptor.opening {
            unsafe clinux_sealed_memory("jitgate-journal", message, message.count)
        }
        try sender.send([], with: memory.rawValue)
    }
}
