import Grants
import TestSupport

@testable import Admission

extension PortRules {
    /// Rules that let somebody in for an hour at most.
    static func hourly(approvals: Int = 1, separateRequestor: Bool = false) -> PortRules {
        PortRules(
            maxDuration: .seconds(3600),
            widestIPv4: 24,
            widestIPv6: 56,
            allowedSources: [],
            approvals: approvals,
            separateRequestor: separateRequestor,
            requireJustification: true,
            onExpiry: .terminate
        )
    }
}

extension Policy {
    /// A policy that enforces these rules for 22/tcp, and takes no grant that is to wait for longer.
    static func enforcing(_ rules: PortRules) -> Policy {
        Policy(
            mode: .enforce,
            keepExisting: .reset,
            trusted: [],
            ports: ["22/tcp": rules],
            maxWait: .seconds(3600)
        )
    }
}
