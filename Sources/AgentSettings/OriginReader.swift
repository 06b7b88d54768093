import StrictTOML

/// Reads the origin of a page as browsers write it (RFC 6454, section 6.2).
extension TOMLValue {
    /// `https://HOST` or `https://HOST:PORT`; `http://` for names of this machine alone.
    ///
    /// Origins are compared byte for byte, so one that no browser writes is an error.
    func origin() throws(Refusal) -> String {
        let text = try string()
        if let problem = Self.problem(ofOrigin: text) {
            throw Refusal("is \(QuotedText(text)), \(problem.reason)", problem.remedy)
        }
        return text
    }

    private static func problem(ofOrigin text: String) -> (reason: String, remedy: String)? {
        let example = "such as \"https://approve.example.com\" belongs here"
        let scheme = ["https://", "http://"].first(where: text.hasPrefix)
        guard let scheme else { return ("which is no origin of a page", example) }
        let rest = text.dropFirst(scheme.count)
        let parts = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard !rest.contains("/") else {
            return ("which has a path", "an origin ends with its host or port, without a slash")
        }
        guard let host = parts.first, isHost(host.utf8) else {
            return ("which does not name a host in lower case", example)
        }
        guard scheme == "https://" || host == "localhost" || host.hasSuffix(".localhost") else {
            return (
                "where browsers have no passkeys", "only localhost may do without https"
            )
        }
        return parts.dropFirst().first.flatMap { problem(ofPort: $0, scheme: scheme) }
    }

    private static func problem(
        ofPort text: Substring,
        scheme: String
    ) -> (reason: String, remedy: String)? {
        guard let port = UInt16(text), port > 0, String(port) == text else {
            return ("which has no port behind the colon", "a port is 1 to 65535")
        }
        guard port != (scheme == "https://" ? 443 : 80) else {
            return ("which names the default port", "browsers leave it out, so leave it out")
        }
        return nil
    }

    /// Returns true if this is a DNS name with a letter in its last label: an address is no RP ID.
    private static func isHost(_ host: Substring.UTF8View) -> Bool {
        let labels = host.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        return host.count <= 253 && (labels.last?.contains(where: isLetter) ?? false)
            && labels.allSatisfy { label in
                (1...63).contains(label.count)
                    && label.allSatisfy {
                        isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-")
                    }
            }
    }
}
