import Glibc
package import SystemPackage

/// One end of a connected Unix stream socket.
package final class UnixConnection: Sendable {
    private let socket: OwnedDescriptor
    /// The credentials of the other end at the time of the connection.
    package let peer: PeerCredentials

    init(adopting socket: consuming OwnedDescriptor) throws(Errno) {
        peer = try PeerCredentials.of(socket)
        self.socket = socket
    }

    /// Connects to the listener at `path`; reads and writes of this end block.
    package static func connecting(to path: String) throws(Errno) -> UnixConnection {
        var address = try UnixAddress(path)
        let socket = try UnixAddress.socket(nonBlocking: false)
        let descriptor = socket.rawValue
        try unsafe address.withSocketAddress { unsafe connect(descriptor, $0, $1) }
        return try UnixConnection(adopting: socket)
    }

    package var fileDescriptor: Int32 { socket.rawValue }

    /// The next bytes, at most `count`; none once the other side has ended writing.
    package func read(_ count: Int) throws(Errno) -> [UInt8] {
        try socket.readChunk(count)
    }

    /// Sends some of the bytes and returns how many; EPIPE instead of SIGPIPE.
    package func write(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
        let descriptor = socket.rawValue
        return try SystemCall.check {
            unsafe bytes.withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
        }
    }

    /// Ends the writing side; replies can still be read.
    package func endWriting() throws(Errno) {
        let descriptor = socket.rawValue
        try SystemCall.check { shutdown(descriptor, Int32(SHUT_WR)) }
    }

    /// Waits until there is something to read; `false` after the timeout.
    package func waitToRead(milliseconds: Int32) throws(Errno) -> Bool {
        var poll = pollfd(fd: socket.rawValue, events: Int16(POLLIN), revents: 0)
        return try SystemCall.check { unsafe Glibc.poll(&poll, 1, milliseconds) } > 0
    }
}
