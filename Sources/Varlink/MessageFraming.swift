/// Cuts a stream of bytes into the messages that NUL bytes end (PROTOCOL.control, section 1).
///
/// Holds at most one message's limit of unread bytes beyond what was appended last, whatever the
/// splits in which the bytes arrive.
package struct MessageFraming: Sendable {
    /// A message is longer than the limit, so where the next begins is not worth knowing.
    package struct TooLong: Error, Hashable, Sendable, CustomStringConvertible {
        package let limit: Int

        package var description: String { "a message is longer than \(limit) bytes" }
    }

    /// The longest call that a server takes: 1 MiB.
    package static let callLimit = 1 << 20

    private let limit: Int
    private var buffer: [UInt8] = []
    /// The place where the next message begins.
    private var start = 0
    /// Up to here there is no NUL after `start`.
    private var scanned = 0

    package init(limit: Int = callLimit) {
        self.limit = limit
    }

    /// The bytes that wait to be taken, a NUL included.
    package var pendingCount: Int { buffer.count - start }

    package mutating func append(_ bytes: [UInt8]) {
        if start > 0, start >= buffer.count / 2 {
            buffer.removeFirst(start)
            scanned -= start
            start = 0
        }
        buffer += bytes
    }

    /// The next whole message without its NUL, or `nil` if it is not all there yet.
    package mutating func next() throws(TooLong) -> [UInt8]? {
        guard let end = buffer[scanned...].firstIndex(of: 0) else {
            scanned = buffer.count
            guard pendingCount <= limit else { throw TooLong(limit: limit) }
            return nil
        }
        guard end - start <= limit else { throw TooLong(limit: limit) }
        let message = Array(buffer[start..<end])
        start = end + 1
        scanned = start
        return message
    }

    /// One message as it goes on to the stream; the bytes hold no NUL, as JSON escapes it.
    package static func frame(_ message: [UInt8]) -> [UInt8] {
        message + [0]
    }
}
