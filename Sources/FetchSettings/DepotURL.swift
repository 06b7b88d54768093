/// The reason why a text is no URL of a depot.
package struct DepotURLError: Error, Hashable {
    package let remedy: String
}

/// The URL of a depot: `https://HOST[:PORT][/PATH]`, or `http://` with a loopback address.
package struct DepotURL: CustomStringConvertible {
    package let description: String

    package init(_ text: String) throws(DepotURLError) {
        let (scheme, rest) = try Self.scheme(of: text)
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        let (authority, path) = (rest[..<end], rest[end...])
        let host = try Self.host(of: authority)
        guard scheme == "https" || Self.isLoopback(host) else {
            throw DepotURLError(
                remedy: "plain http goes to 127.0.0.1, [::1] and localhost only; use https"
            )
        }
        var trimmed = path
        while trimmed.last == "/" { trimmed.removeLast() }
        guard trimmed.utf8.count <= 1024, trimmed.utf8.allSatisfy(Self.isPathByte),
            !trimmed.split(separator: "/").contains(where: { $0 == "." || $0 == ".." })
        else {
            let remedy = "its path is a plain one, without ?, #, .. and blanks: %20 is one"
            throw DepotURLError(remedy: remedy)
        }
        description = "\(scheme)://\(authority)\(trimmed)"
    }

    private static func scheme(of text: String) throws(DepotURLError) -> (String, Substring) {
        for scheme in ["https", "http"] where text.hasPrefix(scheme + "://") {
            return (scheme, text.dropFirst(scheme.count + 3))
        }
        throw DepotURLError(
            remedy: "a URL such as \"https://depot.example.com/jitgate\" belongs here"
        )
    }

    private static func host(of authority: Substring) throws(DepotURLError) -> Substring {
        guard !authority.contains("@") else {
            throw DepotURLError(remedy: "no user or password belongs in a URL; see credentials")
        }
        let malformed = DepotURLError(remedy: "a host, or host:port, comes after the scheme")
        let host: Substring
        var port: Substring = ""
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { throw malformed }
            host = authority[...end]
            port = authority[authority.index(after: end)...]
            guard
                host.dropFirst().dropLast().utf8.allSatisfy({
                    isHexadecimal($0) || $0 == 58 || $0 == 46
                })
            else { throw malformed }
        } else {
            let colon = authority.firstIndex(of: ":") ?? authority.endIndex
            (host, port) = (authority[..<colon], authority[colon...])
            guard host.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == 45 || $0 == 46 || $0 == 95 })
            else { throw malformed }
        }
        guard (1...253).contains(host.utf8.count), host != "[]", isPort(port) else {
            throw malformed
        }
        return host
    }

    private static func isPort(_ text: Substring) -> Bool {
        guard let first = text.first else { return true }
        let digits = text.dropFirst()
        return first == ":" && digits.utf8.allSatisfy { (48...57).contains($0) }
            && (UInt16(digits) ?? 0) > 0
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isIPv4 =
            parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isIPv4 || host == "[::1]" || host.lowercased() == "localhost"
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || "/-._~%!$&'()*+,;=:@".utf8.contains(byte)
    }
}
