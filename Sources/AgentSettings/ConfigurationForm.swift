import Admission
import Grants
package import StrictJSON
import StrictTOML

extension Configuration {
    /// The effective policy as JSON, of the same shape and with the same words as the file.
    ///
    /// Nothing is left to a default, and there are no `defaults`: each port carries its rules.
    package var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("mode", .string(policy.mode.rawValue)),
            .init("keep_existing", Self.form(policy.keepExisting)),
        ]
        if let hostname { members.append(.init("hostname", .string(hostname))) }
        if !labels.isEmpty {
            let pairs = labels.sorted { $0.key < $1.key }
            let object = JSONValue.object(pairs.map { .init($0.key, .string($0.value)) })
            members.append(.init("host", ["labels": object]))
        }
        members += [
            .init("trusted", .strings(policy.trusted.map(\.description))),
            .init("grants", grants),
            .init("port", .array(policy.ports.sorted { $0.key < $1.key }.map(Self.form))),
        ]
        if !policy.approvers.isEmpty {
            members.append(.init("approver", .array(policy.approvers.map(Self.form))))
        }
        if !inboxes.isEmpty {
            let tables = inboxes.map { inbox -> JSONValue in
                ["directory": .string(inbox.directory), "owner": .string(inbox.owner)]
            }
            members.append(.init("inbox", .array(tables)))
        }
        if let freshness = policy.freshness {
            let limit = freshness.maxStaleness.map(TOMLValue.text(ofSpan:)) ?? "never"
            let form: JSONValue = [
                "fleet": .string(freshness.fleet), "max_staleness": .string(limit),
            ]
            members.append(.init("freshness", form))
        }
        members += [
            .init("sessions", ["warn": .strings(sessionWarnings.map(\.shortText))]),
            .init("webauthn", webAuthn),
            .init("audit", audit),
            .init("state", ["directory": .string(stateDirectory)]),
            .init("control", ["socket": .string(controlSocket), "group": .string(controlGroup)]),
        ]
        return .object(members)
    }

    /// The effective policy as a file that reads back as this very configuration.
    package var toml: String { TOMLWriter(document: json).text }

    private var grants: JSONValue {
        var members: [JSONValue.Member] = [
            .init("directories", .strings(grantDirectories)),
            .init("allowed_signers", .string(allowedSigners)),
        ]
        if let revokedKeys { members.append(.init("revoked_keys", .string(revokedKeys))) }
        members += [
            .init("ended_files", .string(endedFiles.rawValue)),
            .init("max_wait", .string(TOMLValue.text(ofSpan: policy.maxWait))),
        ]
        return .object(members)
    }

    private var webAuthn: JSONValue {
        [
            "origins": .strings(policy.passkeys.origins),
            "synced": .bool(policy.passkeys.synced),
        ]
    }

    private var audit: JSONValue {
        [
            "directory": .string(auditDirectory),
            "denied_per_second": .integer(Int64(deniedPerSecond)),
            "strangers_per_day": .string(TOMLValue.text(ofSize: strangersPerDay)),
            "keep_free": .string(TOMLValue.text(ofSize: keepFree)),
            "log_group": .integer(Int64(logGroup)),
            "segment_size": .string(TOMLValue.text(ofSize: segmentSize)),
            "segment_age": .string(TOMLValue.text(ofDays: segmentAge)),
            "retention": .string(retention.map(TOMLValue.text(ofDays:)) ?? "forever"),
        ]
    }

    private static func form(_ rule: ExistingSessionRule) -> JSONValue {
        switch rule {
        case .reset: .bool(false)
        case .keep(nil): .bool(true)
        case .keep(let limit?): .string(limit.shortText)
        }
    }

    /// An `[[approver]]` has the keys alone by which it limits anything.
    private static func form(_ approver: Approver) -> JSONValue {
        var members: [JSONValue.Member] = [.init("signers", .strings(approver.signers.texts))]
        let lists = [
            ("kinds", approver.kindNames), ("ports", approver.ports.map(\.description)),
            ("requestors", approver.requestors?.texts ?? []),
            ("sources", approver.sources.map(\.description)),
        ]
        for (key, texts) in lists where !texts.isEmpty {
            members.append(.init(key, .strings(texts)))
        }
        if let longest = approver.maxDuration {
            members.append(.init("max_duration", .string(longest.shortText)))
        }
        if let longest = approver.maxWait {
            members.append(.init("max_wait", .string(TOMLValue.text(ofSpan: longest))))
        }
        if approver.isAlarm { members.append(.init("alarm", .bool(true))) }
        return .object(members)
    }

    private static func form(port: Port, rules: PortRules) -> JSONValue {
        [
            "number": .integer(Int64(port.number)),
            "protocol": .string(port.transport.rawValue),
            "max_duration": .string(rules.maxDuration.shortText),
            "widest_source": .strings(["/\(rules.widestIPv4)", "/\(rules.widestIPv6)"]),
            "allowed_sources": .strings(rules.allowedSources.map(\.description)),
            "approvals": .integer(Int64(rules.approvals)),
            "separate_requestor": .bool(rules.separateRequestor),
            "require_justification": .bool(rules.requireJustification),
            "require_ticket": .strings(rules.requireTicket.map(\.text)),
            "approvals_from": .strings(rules.approvalsFrom.flatMap(\.texts)),
            "on_expiry": .string(rules.onExpiry.rawValue),
            "drain_limit": .string(rules.drainLimit.shortText),
        ]
    }
}

extension JSONValue {
    fileprivate static func strings(_ strings: [String]) -> JSONValue {
        .array(strings.map(JSONValue.string))
    }
}
