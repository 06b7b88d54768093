import Glibc
package import SystemPackage

/// The terminals of other users.
package enum Terminal {
    /// Writes lines to the terminal `pts/N`, with a bell, as wall(1) does.
    ///
    /// It never blocks: text that the terminal does not take at once is lost. It writes to no local
    /// console, since nobody reaches one over the network.
    package static func tell(_ lines: [String], on name: String) throws(Errno) {
        let digits = name.utf8.dropFirst(4)
        guard name.hasPrefix("pts/"), (1...10).contains(digits.count),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { throw .invalidArgument }
        let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC
        let terminal = try OwnedDescriptor.opening { unsafe open("/dev/" + name, flags) }
        let descriptor = terminal.rawValue
        guard isatty(descriptor) == 1 else { throw Errno(rawValue: ENOTTY) }
        let text = Array(("\u{7}\r\n" + lines.map(plain).joined()).utf8)
        try SystemCall.check { unsafe write(descriptor, text, text.count) }
    }

    /// A line in which no character but its end controls a terminal.
    private static func plain(_ line: String) -> String {
        let bytes = line.utf8.map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        return String(decoding: bytes, as: UTF8.self) + "\r\n"
    }
}
