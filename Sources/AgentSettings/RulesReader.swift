import Admission
import Grants
import StrictTOML

/// Reads the rules of `[defaults]` or of one `[[port]]`; missing keys are inherited.
struct RulesReader {
    static let keys = [
        "max_duration", "widest_source", "allowed_sources", "approvals", "separate_requestor",
        "require_justification", "require_ticket", "approvals_from", "on_expiry",
        "drain_limit",
    ]
    /// A day is also the most that an Azure just-in-time policy can give.
    static let durations: ClosedRange<Duration> = .seconds(1)...(.seconds(24 * 3600))
    /// Sessions that may end by themselves: a month at most.
    static let drainLimits: ClosedRange<Duration> = .seconds(1)...(.seconds(720 * 3600))
    /// The numbers of signatures that a grant file may carry (docs/PROTOCOL.grant).
    static let approvals = 1...16

    let section: TOMLTable

    func rules(inheriting inherited: PortRules) -> PortRules {
        var rules = inherited
        readSources(into: &rules)
        section.value("max_duration") { setting throws(TOMLValue.Refusal) in
            try setting.duration(in: Self.durations)
        }.map { rules.maxDuration = $0 }
        section.value("approvals") { setting throws(TOMLValue.Refusal) in
            try setting.integer(in: Self.approvals)
        }.map { rules.approvals = $0 }
        section.patterns("approvals_from", atMost: Self.approvals.upperBound)
            .map { rules.approvalsFrom = $0 }
        section.flag("separate_requestor").map { rules.separateRequestor = $0 }
        section.flag("require_justification").map { rules.requireJustification = $0 }
        section.texts("require_ticket", atMost: 64) { text throws(TOMLValue.Refusal) in
            guard text.unicodeScalars.count <= TicketPattern.limit else {
                throw TOMLValue.Refusal(
                    "has more than \(TicketPattern.limit) characters, and so matches no ticket",
                    "a glob such as \"INC-*\" belongs here"
                )
            }
            return TicketPattern(text)
        }.map { rules.requireTicket = $0 }
        section.value("on_expiry") { setting throws(TOMLValue.Refusal) in
            try setting.choice(of: [Expiry.terminate, .drain])
        }.map { rules.onExpiry = $0 }
        section.value("drain_limit") { setting throws(TOMLValue.Refusal) in
            try setting.duration(in: Self.drainLimits)
        }.map { rules.drainLimit = $0 }
        return rules
    }

    private func readSources(into rules: inout PortRules) {
        section.networks("allowed_sources").map { rules.allowedSources = $0 }
        guard
            let lengths = section.list(
                "widest_source",
                { setting throws(TOMLValue.Refusal) in try setting.prefixLength() }
            )
        else { return }
        switch (lengths.first, lengths.dropFirst().first) {
        case (let length?, nil) where length <= 32: rules.widestIPv4 = length
        case (let length?, nil): rules.widestIPv6 = length
        case (let ipv4?, let ipv6?) where ipv4 <= 32 && lengths.count == 2:
            rules.widestIPv4 = ipv4
            rules.widestIPv6 = ipv6
        default: refuseWidest()
        }
    }

    private func refuseWidest() {
        section.refuse(
            "widest_source",
            "is not one length for IPv4 and one for IPv6",
            "such as [\"/24\", \"/56\"] belongs here, IPv4 first"
        )
    }
}
