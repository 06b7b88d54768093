import Grants

/// The parts of a policy that a report needs.
package struct ReportedPolicy: Hashable, Sendable {
    package let mode: String
    /// The networks that it never denies.
    package let trusted: [String]

    package init(mode: String, trusted: [String]) {
        self.mode = mode
        self.trusted = trusted
    }
}

/// The trusted networks and the times of their trust, by the policies in force.
struct TrustTimeline {
    private(set) var exceptions: [AuditFinding] = []
    private var since: [String: Moment] = [:]
    private var unknownSince: Moment?

    /// Sets the trusted networks from a moment on; `nil` if the policy cannot be read.
    mutating func trust(_ networks: [String]?, at moment: Moment) {
        let networks = networks.map(Set.init)
        for (network, start) in since where networks?.contains(network) != true {
            since[network] = nil
            let text = "\(network) was never denied"
            exceptions.append(
                AuditFinding(.trusted, from: start, to: moment, text, network: network)
            )
        }
        if let start = unknownSince, networks != nil {
            unknownSince = nil
            let text = "No record tells which networks were never denied"
            exceptions.append(AuditFinding(.trusted, from: start, to: moment, text))
        }
        for network in networks ?? [] { since[network] = since[network] ?? moment }
        if networks == nil { unknownSince = unknownSince ?? moment }
    }
}
