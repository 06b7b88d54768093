package import Grants

extension Grant {
    /// The lines that a signer should have read before signing.
    package var summary: [String] {
        let sources = sources.map(\.description).joined(separator: ", ")
        let ports = ports.map(\.description).joined(separator: ", ")
        let length = duration.map { "for \($0.shortText), " } ?? ""
        let beginning = notBefore.map { "from \($0) " } ?? ""
        return [
            "lets \(requestor) in from \(sources) to \(ports)",
            "on \(hosts.map(\.description).joined(separator: ", "))",
            "\(length)\(beginning)until \(expires) at the latest",
            "because \(justification ?? "(no reason given)")",
        ] + (ticket.map { ["for the ticket \($0)"] } ?? [])
    }
}
