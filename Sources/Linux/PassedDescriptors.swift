import Glibc

/// The open descriptors that the service manager passed: sd_listen_fds_with_names(3).
///
/// For the agent these are the descriptors that it gave to the manager's store before a restart.
package struct PassedDescriptors: ~Copyable, Sendable {
    private var left: [(name: String, descriptor: Int32)]

    /// Takes over one descriptor for each name, from `first` upwards; no child inherits them.
    package init(_ names: [String], from first: Int32 = 3) {
        left = names.enumerated().map { ($1, first + Int32($0)) }
        for entry in left { _ = fcntl(entry.descriptor, F_SETFD, FD_CLOEXEC) }
    }

    /// Closes the descriptors that nobody took.
    deinit {
        for entry in left { close(entry.descriptor) }
    }

    /// Returns the first descriptor of that name and gives it up.
    package mutating func take(_ name: String) -> OwnedDescriptor? {
        guard let index = left.firstIndex(where: { $0.name == name }) else { return nil }
        return OwnedDescriptor(adopting: left.remove(at: index).descriptor)
    }
}
