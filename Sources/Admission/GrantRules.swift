import Grants
import Signatures

/// The rules about the host and the times of a grant.
extension Rule {
    static let host = Rule(name: "host") { item in
        guard !item.grant.hosts.contains(where: { $0.matches(item.host) }) else { return nil }
        return ("hosts", "none of them is this host", "this host is \(item.host)")
    }

    static let history = Rule(name: "once") { item in
        switch item.history {
        case .unseen: nil
        case .live(let sha256, _) where sha256 == item.payload.sha256: nil
        case .live:
            ("id", "another file with this id is live", "write a grant with a new id")
        case .ended(let reason):
            (
                "id", "this grant has ended (\(reason)) and opens once only",
                "write one with a new id"
            )
        case .unreadable(let why):
            (
                "id", "it cannot be read whether this grant has ended: \(why)",
                "repair that, restart the agent and submit the grant again"
            )
        }
    }

    static let expiry = Rule(name: "expires") { item in
        if item.grant.expires <= item.now {
            return (
                "expires", "the grant has expired: it is now \(item.now)", "ask for a new grant"
            )
        }
        guard let notBefore = item.grant.notBefore, notBefore >= item.grant.expires else {
            return nil
        }
        return ("not_before", "it is not before expires", "begin before \(item.grant.expires)")
    }

    static let protectedPorts = Rule(name: "protected-port") { item in
        for (index, port) in item.grant.ports.enumerated() where item.policy.ports[port] == nil {
            let known = item.policy.protectedPorts.map(\.description).joined(separator: ", ")
            return ("ports[\(index)]", "\(port) is not protected here", "protected are \(known)")
        }
        return nil
    }

    static let duration = Rule(name: "max-duration") { item in
        let opening = item.opening
        let length = item.grant.deadline(openingAt: opening) - opening
        for (_, port, rules) in item.protectedPorts where length > rules.maxDuration {
            let most = rules.maxDuration.shortText
            return (
                item.grant.duration == nil ? "expires" : "duration",
                "it would hold \(port) open for \(length.shortText)",
                "at most \(most) is allowed: set duration to \(most), or expire earlier"
            )
        }
        return nil
    }

    /// Limits the wait: nobody watches over a file that opens far in the future.
    static let wait = Rule(name: "max-wait") { item in
        // An open grant does not wait.
        if case .live(_, openSince: .some) = item.history { return nil }
        let ahead = item.grant.expires - item.now
        for (_, port, rules) in item.protectedPorts
        where ahead > item.policy.maxWait + rules.maxDuration {
            let latest = item.now + item.policy.maxWait + rules.maxDuration
            return (
                "expires",
                "it lies further ahead than max_wait and max_duration together",
                "for \(port) it has to expire by \(latest.wholeSecond)"
            )
        }
        return nil
    }

    /// Keeps people from ending, or taking over, the access of others.
    static let supersedes = Rule(name: "supersedes") { item in
        for (index, id) in item.grant.supersedes.enumerated() {
            guard let old = item.superseded[id], old.requestor != item.grant.requestor else {
                continue
            }
            return (
                "supersedes[\(index)]",
                "that is a grant of \(old.requestor.debugDescription), and this one is for"
                    + " \(item.grant.requestor.debugDescription)",
                "name grants of the same requestor only; others are ended by a revocation"
            )
        }
        return nil
    }

    static let justification = Rule(name: "justification") { item in
        let isGiven = item.grant.justification?.contains { !$0.isWhitespace } ?? false
        guard !isGiven else { return nil }
        for (_, port, rules) in item.protectedPorts where rules.requireJustification {
            return ("justification", "\(port) needs one", "say why")
        }
        return nil
    }
}
