package import SystemPackage

/// An attempt and the kernel's answer to it.
package struct NetfilterError: Error, Hashable, Sendable, CustomStringConvertible {
    package let attempt: String
    package let errno: Errno

    package init(attempt: String, errno: Errno) {
        self.attempt = attempt
        self.errno = errno
    }

    package var description: String { "\(attempt): \(errno)" + (remedy.map { "; \($0)" } ?? "") }

    /// The remedy, where the kernel's answer alone does not tell it.
    private var remedy: String? {
        switch errno {
        case .notPermitted:
            "it takes CAP_NET_ADMIN over the network namespace: the container must have it"
        case .notSupported, .protocolNotSupported, .addressFamilyNotSupported:
            "the kernel lacks a part of nf_tables: modprobe nf_tables, on the host of a container"
        case .messageTooLong:
            "a transaction is larger than net.core.wmem_max allows: raise it, on the host of a "
                + "container"
        default: nil
        }
    }
}
