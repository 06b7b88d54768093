import Admission
import Conditions
import Grants
package import StrictJSON

/// The line of JSON of a status note (docs/PROTOCOL.fleet, section 2).
extension HostStatus {
    /// The longest line, in bytes.
    package static let limit = 64 << 10

    /// The line, without its line feed; elements for which a list has no room are left out.
    package func encoded() -> [UInt8] { jsonValue.encoded() }

    /// The same as a value.
    package var jsonValue: JSONValue {
        var rest = leftOut
        func list(_ name: List, _ items: [JSONValue]) -> JSONValue {
            let fitting = items.prefix(fittingIn: name.room)
            if fitting.count < items.count {
                rest[name, default: 0] += items.count - fitting.count
            }
            return .array(Array(fitting))
        }
        var members: [JSONValue.Member] = [
            .init("time", .string(instant.time.description)),
            .init("boot", .string(instant.bootID)),
            .init("boottime", .integer(instant.bootTime)), .init("version", .string(host.version)),
            .init("hostname", .string(host.hostname)), .init("machine", .optional(host.machineID)),
            .init("mode", .string(mode.rawValue)),
            .init("trial_until", .optional(trialUntil?.description)),
            .init("conditions", list(.conditions, conditions.map(\.jsonValue))),
            .init("ports", list(.ports, ports.map(\.jsonValue))),
            .init("max_wait", .string(maxWait.shortText)),
        ]
        let pairs = list(
            .labels,
            labels.sorted { $0.key < $1.key }.map { [.string($0), .string($1)] }
        )
        members.append(.init("labels", .object(pairs.labelMembers)))
        members += [
            .init("policy", .string(digests.policy)), .init("signers", .string(digests.signers)),
            .init("revoked_keys", .optional(digests.revokedKeys)),
            .init("trusted", list(.trusted, .texts(trusted))),
            .init("open", list(.open, grants.open.map(\.jsonValue))),
            .init("waiting", .integer(Int64(grants.waiting))),
            .init("draining", .integer(Int64(grants.draining))),
            .init("bulletin", bulletin?.jsonValue ?? .null), .init("kernel", .string(host.kernel)),
            .init("table_ownership", .string(host.tableOwnership)),
        ]
        let counts = List.allCases.compactMap { name in
            rest[name].map { JSONValue.Member(name.rawValue, .integer(Int64($0))) }
        }
        if !counts.isEmpty { members.append(.init("left_out", .object(counts))) }
        return .object(members)
    }
}

extension HostStatus.List {
    /// The bytes that its elements may take; together they leave 2 KiB of a line for all else.
    fileprivate var room: Int {
        switch self {
        case .open: 24 << 10
        case .ports: 14 << 10
        case .conditions: 12 << 10
        case .trusted: 8 << 10
        case .labels: 4 << 10
        }
    }
}

extension HostStatus.PortReport {
    fileprivate var jsonValue: JSONValue {
        [
            "port": .string(port.description), "max_duration": .string(maxDuration.shortText),
            "widest_source": .array([.string("/\(widestIPv4)"), .string("/\(widestIPv6)")]),
            "allowed_sources": .array(.texts(allowedSources)),
            "approvals": .integer(Int64(approvals)),
            "separate_requestor": .bool(separateRequestor),
            "require_justification": .bool(requireJustification),
            "require_ticket": .array(.texts(requireTicket)),
            "approvals_from": .array(.texts(approvalsFrom)),
            "on_expiry": .string(onExpiry.rawValue),
            "drain_limit": .string(drainLimit.shortText),
        ]
    }
}

extension HostStatus.OpenGrant {
    fileprivate var jsonValue: JSONValue {
        [
            "id": .string(id.description), "sha256": .string(digest),
            "requestor": .string(requestor), "signers": .array(.texts(signers)),
            "sources": .array(.texts(sources)), "ports": .array(.texts(ports)),
            "opened": .string(opened.description), "deadline": .string(deadline.description),
            "ticket": .optional(ticket),
        ]
    }
}

extension HostStatus.Bulletin {
    fileprivate var jsonValue: JSONValue {
        [
            "issued": .string(issued.description), "expires": .string(expires.description),
            "sha256": .optional(digest),
        ]
    }
}

extension [JSONValue] {
    fileprivate static func texts(_ values: [some CustomStringConvertible]) -> [JSONValue] {
        values.map { .string($0.description) }
    }

    /// The first elements, as many as take at most `room` bytes with a comma after each.
    fileprivate func prefix(fittingIn room: Int) -> ArraySlice<JSONValue> {
        var left = room
        return prefix { item in
            left -= item.encoded().count + 1
            return left >= 0
        }
    }
}

extension JSONValue {
    /// The members that pairs of names and values make.
    fileprivate var labelMembers: [Member] {
        (items ?? []).compactMap { pair in
            guard let words = pair.items, words.count == 2, let name = words[0].text else {
                return nil
            }
            return Member(name, words[1])
        }
    }
}
