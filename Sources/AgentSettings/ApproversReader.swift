import Admission
import Grants
import StrictTOML

/// Reads the `[[approver]]` tables, which limit the grants that some signers may let in.
struct ApproversReader {
    private static let keys = [
        "signers", "kinds", "ports", "requestors", "sources", "max_duration", "max_wait", "alarm",
    ]
    private static let limit = 256

    let file: TOMLTable
    /// The policy that they narrow.
    let policy: Policy

    func approvers() -> [Approver] {
        guard let sections = file.tables("approver") else { return [] }
        guard (1...Self.limit).contains(sections.count) else {
            let remedy = sections.isEmpty ? "leave it out" : "at most \(Self.limit) fit here"
            file.refuse("approver", "has \(sections.count) entries", remedy)
            return []
        }
        var first: [Scope: (approver: Approver, section: TOMLTable)] = [:]
        return sections.compactMap { section in
            guard let approver = approver(section) else { return nil }
            let scope = Scope(of: approver)
            if let earlier = first[scope] {
                let line = section.findings.line(of: earlier.section.path)
                let isSame = approver.isAlarm == earlier.approver.isAlarm
                let reason = "says the same as the [[approver]] on line \(line)"
                section.refuse(
                    "signers",
                    isSame ? reason : reason + ", except of alarm",
                    isSame ? "once is enough" : "keep the one that is meant"
                )
            }
            first[scope] = first[scope] ?? (approver, section)
            return approver
        }
    }

    private func approver(_ section: TOMLTable) -> Approver? {
        section.refuseAllBut(Self.keys)
        if !section.has("signers") {
            section.refuse("signers", "is missing", "name the signers whom it limits")
        }
        guard let signers = names("signers", in: section) else { return nil }
        var approver = Approver(signers: signers)
        approver.kinds = kinds(section)
        if approver.kindNames == ["webauthn"], policy.passkeys.origins.isEmpty {
            let reason = "is webauthn alone, and [webauthn] origins is empty, so it can never count"
            section.refuse("kinds", reason, "list the pages on which passkeys sign")
        }
        approver.ports = ports(section)
        approver.requestors = names("requestors", in: section)
        approver.sources = sources(section, at: approver.ports)
        approver.maxDuration = section.value("max_duration") { setting throws(TOMLValue.Refusal) in
            try setting.duration(in: RulesReader.durations)
        }
        approver.maxWait = section.value("max_wait") { setting throws(TOMLValue.Refusal) in
            try setting.span(in: ConfigurationReader.waits)
        }
        approver.isAlarm = section.flag("alarm") ?? false
        return approver
    }

    /// One list of patterns, of which each must be sound by itself.
    private func names(_ key: String, in section: TOMLTable) -> NamePatterns? {
        var seen: Set<String> = []
        let texts = section.list(key, atMost: Self.limit) { setting throws(TOMLValue.Refusal) in
            let patterns = try setting.namePatterns()
            guard seen.insert(patterns.texts.joined().lowercased()).inserted else {
                throw TOMLValue.Refusal("is \(patterns) once more", "once is enough")
            }
            return patterns.texts
        }
        guard let texts else { return nil }
        guard let list = try? NamePatterns(texts.flatMap(\.self)), !list.isContradictory else {
            let reason = texts.isEmpty ? "names nobody" : "names nobody whom it does not exclude"
            section.refuse(key, reason, "a name or a pattern such as \"oncall-*\" belongs here")
            return nil
        }
        return list
    }

    private func kinds(_ section: TOMLTable) -> [Approver.Kind] {
        var seen: Set<Approver.Kind> = []
        let kinds = section.list("kinds") { setting throws(TOMLValue.Refusal) in
            let kind = try setting.choice(of: Approver.allKinds)
            guard seen.insert(kind).inserted else {
                throw TOMLValue.Refusal("is there once more", "once is enough")
            }
            return kind
        }
        return kinds ?? []
    }

    private func ports(_ section: TOMLTable) -> [Port] {
        var seen: Set<Port> = []
        let ports = section.list("ports") { setting throws(TOMLValue.Refusal) in
            let port = try setting.port()
            guard policy.ports[port] != nil else {
                let known = policy.protectedPorts.map(\.description).joined(separator: ", ")
                throw TOMLValue.Refusal("is \(port), which is not protected", "known: \(known)")
            }
            guard seen.insert(port).inserted else {
                throw TOMLValue.Refusal("is \(port) once more", "once is enough")
            }
            return port
        }
        if ports?.isEmpty == true { refuse(empty: "ports", in: section) }
        return ports ?? []
    }

    private func sources(_ section: TOMLTable, at ports: [Port]) -> [Prefix] {
        guard let sources = section.networks("sources") else { return [] }
        guard !sources.isEmpty else {
            refuse(empty: "sources", in: section)
            return []
        }
        let allowed = policy.ports.filter { ports.isEmpty || ports.contains($0.key) }.values
            .map(\.allowedSources)
        let isReachable = allowed.contains { networks in
            networks.isEmpty
                || networks.contains { network in
                    sources.contains { $0.contains(network) || network.contains($0) }
                }
        }
        if !isReachable {
            let reason = "lies outside allowed_sources of each port, so it can never count"
            section.refuse("sources", reason, "name networks that a port allows")
        }
        return sources
    }

    private func refuse(empty key: String, in section: TOMLTable) {
        section.refuse(key, "is empty, so it can never count", "leave it out for all")
    }
}

/// What an entry is about and allows, without the order and spelling in which it says so, and without
/// its alarm.
private struct Scope: Hashable {
    private let signers: Set<String>
    private let kinds: Set<Approver.Kind>
    private let ports: Set<Port>
    private let requestors: Set<String>?
    private let sources: Set<Prefix>
    private let maxDuration: Duration?
    private let maxWait: Duration?

    init(of approver: Approver) {
        signers = Self.patterns(approver.signers)
        kinds = Set(approver.kinds.isEmpty ? Approver.allKinds : approver.kinds)
        ports = Set(approver.ports)
        requestors = approver.requestors.map(Self.patterns)
        sources = Set(approver.sources)
        maxDuration = approver.maxDuration
        maxWait = approver.maxWait
    }

    private static func patterns(_ names: NamePatterns) -> Set<String> {
        Set(names.texts.flatMap { $0.lowercased().split(separator: ",") }.map(String.init))
    }
}
