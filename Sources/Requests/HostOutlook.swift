package import Depot
package import Grants

/// The prospects of a request on one host, by the rules that the host has reported.
package struct HostOutlook: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// Its rules are met.
        case opens
        /// This many approvals are missing, from people of these names, or from anybody if there are none.
        case needs(approvals: Int, from: [String])
        /// It would not take it, however many approvals there are.
        case refuses(rule: String, reason: String, remedy: String)
        /// It has reported nothing that can be believed: why.
        case unknown(String)
    }

    package let host: ShelfName
    package let verdict: Verdict
    /// The ports of the request that the host protects.
    package let ports: [Port]

    package init(host: ShelfName, verdict: Verdict, ports: [Port]) {
        (self.host, self.verdict, self.ports) = (host, verdict, ports)
    }
}
