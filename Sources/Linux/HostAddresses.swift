import Glibc

/// The addresses of this network namespace's own interfaces.
package enum HostAddresses {
    /// The addresses, each 4 or 16 bytes in network order; none if they cannot be read.
    package static func all() -> Set<[UInt8]> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var found: Set<[UInt8]> = []
        var next = unsafe list
        while let entry = unsafe next {
            if let bytes = unsafe bytes(entry.pointee.ifa_addr) { found.insert(bytes) }
            unsafe next = entry.pointee.ifa_next
        }
        return found
    }

    private static func bytes(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
        guard let address = unsafe address else { return nil }
        let raw = UnsafeRawPointer(address)
        switch Int32(unsafe address.pointee.sa_family) {
        case AF_INET:
            var found = unsafe raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            return unsafe Swift.withUnsafeBytes(of: &found) { unsafe Array($0) }
        case AF_INET6:
            var found = unsafe raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return unsafe Swift.withUnsafeBytes(of: &found) { unsafe Array($0) }
        default: return nil
        }
    }
}
