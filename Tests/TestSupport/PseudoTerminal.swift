import Foundation
import Glibc

/// A pseudo-terminal as sshd makes one for a session; the test is its user.
package final class PseudoTerminal {
    private let master: Int32
    private let shell: Int32
    /// The name in utmp(5), such as `pts/3`.
    package let name: String

    package init() throws {
        var (master, shell): (Int32, Int32) = (-1, -1)
        var device = [CChar](repeating: 0, count: 64)
        guard unsafe openpty(&master, &shell, &device, nil, nil) == 0 else {
            throw CommandFailure("no pseudo-terminal: errno \(errno)")
        }
        for descriptor in [master, shell] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(master, F_SETFL, O_NONBLOCK)
        self.master = master
        self.shell = shell
        let path = device.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
        name = String(decoding: path.dropFirst("/dev/".count), as: UTF8.self)
    }

    deinit {
        close(shell)
        close(master)
    }

    /// Gives it to a user, as sshd does.
    package func give(to user: UInt32) throws {
        guard unsafe chown("/dev/" + name, user, .max) == 0 else {
            throw CommandFailure("chown: errno \(errno)")
        }
    }

    /// All text written to it since the last call.
    package func text() -> String {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(master, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += buffer.prefix(count)
        }
    }

    /// Stops its output, as a user does with Ctrl-S: it accepts no more.
    ///
    /// Filling it is not enough: the kernel makes room again a little later (tty_buffer.c).
    package func stop() throws {
        guard tcflow(shell, TCOOFF) == 0 else {
            throw CommandFailure("a pseudo-terminal does not stop: errno \(errno)")
        }
    }
}
