package import SystemPackage

/// What was attempted and what the kernel said to it.
package struct NetfilterError: Error, Hashable, Sendable, CustomStringConvertible {
    package let attempt: String
    package let errno: Errno

    package init(attempt: String, errno: Errno) {
        self.attempt = attempt
        self.errno = errno
    }

    package var description: String { "\(attempt): \(errno)" }
}
