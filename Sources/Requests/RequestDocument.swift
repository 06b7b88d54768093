import Depot
package import Grants
import Posture
package import StrictJSON

/// A request as JSON (docs/PROTOCOL.hub, section 3).
package struct RequestDocument {
    /// The most hosts in the outlook of a request that is shown by itself.
    package static let hostLimit = 1000
    /// The most hosts in the outlook of each request of a list.
    package static let listedHostLimit = 20

    private let stored: StoredRequest
    private let counted: CountedSignatures
    private let outlook: RequestOutlook?
    private let now: Moment
    private let limit: Int

    package init(
        _ stored: StoredRequest,
        _ counted: CountedSignatures,
        _ outlook: RequestOutlook?,
        at now: Moment,
        hosts limit: Int = hostLimit
    ) {
        (self.stored, self.counted, self.outlook) = (stored, counted, outlook)
        (self.now, self.limit) = (now, limit)
    }

    package var jsonValue: JSONValue {
        var members = stateMembers + grantMembers
        members.append(.init("signatures", .array(counted.items.map(\.jsonValue))))
        if let decision = stored.decision {
            members.append(.init("decision", decision.jsonValue))
        }
        let hosts = outlook?.hosts ?? []
        members += [
            .init("open_hosts", .integer(Int64(stored.openCount(at: now)))),
            .init("matched_hosts", .integer(Int64(hosts.count))),
            .init("outlook", .array(hosts.prefix(limit).map(host))),
        ]
        return .object(members)
    }

    private var stateMembers: [JSONValue.Member] {
        let request = stored.request
        let (state, since) = stored.state(by: outlook, at: now)
        return [
            .init("id", .string(request.grant.id.description)),
            .init("payload", .string(Base64.encode(request.payload))),
            .init("sha256", .string(request.sha256)), .init("state", .string(state.rawValue)),
            .init("since", .string(since.description)),
            .init("created", .string(request.created.description)),
            .init("lapses", .string(request.lapses.description)),
            .init("requestor", .string(request.grant.requestor)),
            .init("asked_by", .string(request.askedBy)),
            .init("is_signed", .bool(request.isSigned)),
        ]
    }

    private var grantMembers: [JSONValue.Member] {
        let grant = stored.request.grant
        let optional: [(String, String?)] = [
            ("not_before", grant.notBefore?.description), ("duration", grant.duration?.shortText),
            ("ticket", grant.ticket),
        ]
        return [
            .init("hosts", .array(.texts(grant.hosts))),
            .init("ports", .array(.texts(grant.ports))),
            .init("sources", .array(.texts(grant.sources))),
            .init("expires", .string(grant.expires.description)),
            .init("reason", .string(grant.justification ?? "")),
            .init("supersedes", .array(.texts(grant.supersedes))),
        ] + optional.compactMap { name, text in text.map { .init(name, .string($0)) } }
    }

    private func host(_ outlook: HostOutlook) -> JSONValue {
        let opening = stored.openings.first { $0.host == outlook.host && $0.isOpen(at: now) }
        var members: [JSONValue.Member] = [
            .init("host", .string(outlook.host.description)),
            .init("state", .optional(outlook.state?.rawValue)),
            .init("opens", .array(.texts(outlook.ports))),
        ]
        members += outlook.verdict.members
        if let last = outlook.lastKnown {
            members.append(.init("last_known", .object(last.members)))
        }
        members.append(.init("needs_requestor", .bool(outlook.needsRequestor)))
        members.append(.init("published", .bool(isPublished(outlook.host))))
        if let opening {
            members.append(.init("open_since", .string(opening.opened.description)))
            members.append(.init("deadline", .string(opening.deadline.description)))
        }
        return .object(members)
    }

    /// True if the file lies on a shelf that the host reads.
    private func isPublished(_ host: ShelfName) -> Bool {
        stored.publications.contains { $0.shelf == host || $0.shelf.description == "all" }
    }
}

extension HostOutlook.Verdict {
    fileprivate var members: [JSONValue.Member] {
        switch self {
        case .opens: [.init("needs", 0), .init("from", [])]
        case .needs(let approvals, let from):
            [.init("needs", .integer(Int64(approvals))), .init("from", .array(.texts(from)))]
        case .refuses(let rule, let reason, let remedy):
            [
                .init(
                    "refuses",
                    [
                        "code": .string(rule), "message": .string(reason),
                        "remedy": .string(remedy),
                    ]
                )
            ]
        case .unknown(let reason): [.init("unknown", .string(reason))]
        }
    }
}

extension HostOutlook {
    /// The refusal, as the answer to a request that no host would take has it; `nil` if it is none.
    package var refusalJSON: JSONValue? {
        guard isRefused else { return nil }
        return .object([.init("host", .string(host.description))] + verdict.members)
    }
}

extension CountedSignatures.Item {
    fileprivate var jsonValue: JSONValue {
        var members: [JSONValue.Member] = [
            .init("signer", .string(collected.signer)), .init("key", .string(collected.key)),
            .init("namespace", .string(collected.namespace)),
            .init("added", .string(collected.added.description)),
        ]
        if let problem { members.append(.init("problem", .string(problem))) }
        return .object(members)
    }
}

extension KeptDecision {
    fileprivate var jsonValue: JSONValue {
        [
            "decision": .string(decision.rawValue), "by": .string(by), "reason": .string(reason),
            "is_signed": .bool(file != nil), "at": .string(at.description),
        ]
    }
}

extension [JSONValue] {
    fileprivate static func texts(_ values: [some CustomStringConvertible]) -> [JSONValue] {
        values.map { .string($0.description) }
    }
}
