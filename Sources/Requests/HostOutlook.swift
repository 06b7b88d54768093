import Admission
package import Depot
package import Grants
package import Posture
import Signatures

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
    /// The state of the host; `nil` if the inventory does not have it.
    package var state: HostPosture.State?
    /// The verdict by the rules that it reported last, if `verdict` is unknown because it is not heard.
    package var lastKnown: Verdict?
    /// True if the requestor's own signature is missing, besides the approvals.
    package var needsRequestor = false
    /// The age of its status.
    package var age: Duration?

    package init(host: ShelfName, verdict: Verdict, ports: [Port]) {
        (self.host, self.verdict, self.ports) = (host, verdict, ports)
    }

    /// True if the file can be put on its shelf: its rules are met as far as they are known.
    ///
    /// A host that is not heard can still read its shelf, and judges by itself.
    package var isMet: Bool { (lastKnown ?? verdict) == .opens }

    /// True if it was heard within an hour, so that globs wait for it.
    var isRecent: Bool {
        guard case .unknown = verdict else { return age.map { $0 <= .seconds(3600) } ?? false }
        return false
    }

    /// True if the inventory says that the host is gone.
    var isGone: Bool { state == .retired }

    var isRefused: Bool {
        if case .refuses = verdict { true } else { false }
    }
}

extension HostPosture.State {
    /// True if the rules of the host are those that it reported.
    fileprivate var isHeard: Bool {
        switch self {
        case .unsupported, .stale, .drifted, .onTrial, .observing, .configured: true
        case .retired, .notConfigured, .unverified, .forked, .silent: false
        }
    }

    fileprivate var isGone: Bool { self == .retired }
}

/// A request that is judged on one host after the other; hosts with the same rules are judged once.
struct OutlookJudge {
    private let grant: Grant
    private let signatures: [VerifiedSignature]
    private let passkeys: PasskeyRules
    private let now: Moment
    private var known: [SharedRules: Prospects] = [:]

    init(_ grant: Grant, signedBy signatures: [VerifiedSignature], at now: Moment) {
        (self.grant, self.signatures, self.now) = (grant, signatures, now)
        // Hosts do not tell which pages they take.
        let origins = Set(signatures.compactMap { $0.browser?.origin })
        passkeys = PasskeyRules(origins: origins.sorted(), synced: true)
    }

    mutating func outlook(on host: FleetRules.Host) -> HostOutlook {
        let posture = host.posture
        let judged = host.rules.map { judge($0, posture) }
        let isHeard = posture.state.isHeard && judged != nil
        var outlook = HostOutlook(
            host: posture.host,
            verdict: isHeard ? judged?.verdict ?? .unknown("") : .unknown(Self.reason(posture)),
            ports: grant.ports.filter { host.rules?.policy.ports[$0] != nil }
        )
        (outlook.state, outlook.age) = (posture.state, host.seen.map { now - $0 })
        if !isHeard, !posture.state.isGone { outlook.lastKnown = judged?.verdict }
        outlook.needsRequestor = judged?.needsRequestor ?? false
        return outlook
    }

    private static func reason(_ posture: HostPosture) -> String {
        let state = "the host is \(posture.state.rawValue)"
        return posture.reason.map { "\(state): \($0)" } ?? state
    }

    private typealias Judged = (verdict: HostOutlook.Verdict, needsRequestor: Bool)

    private mutating func judge(_ rules: HostRules, _ posture: HostPosture) -> Judged {
        guard grant.hosts.contains(where: { rules.identity.isMeant(by: $0) }) else {
            guard !rules.hasMoreLabels else { return (.unknown("it has more labels"), false) }
            let remedy = "it is \(rules.identity)"
            return (.refuses(rule: "host", reason: "it has another name", remedy: remedy), false)
        }
        if rules.hasMorePorts, grant.ports.contains(where: { rules.policy.ports[$0] == nil }) {
            return (.unknown("it protects more ports than its status has room for"), false)
        }
        let prospects = prospects(by: rules)
        if let refusal = prospects.refusal {
            let (rule, reason) = (refusal.rule, "\(refusal.field): \(refusal.reason)")
            return (.refuses(rule: rule, reason: reason, remedy: refusal.remedy), false)
        }
        let missing = prospects.missing
        guard !missing.isEmpty else { return (.opens, false) }
        let needs = HostOutlook.Verdict.needs(approvals: missing.approvals, from: missing.from)
        return (needs, missing.requestor)
    }

    private mutating func prospects(by rules: HostRules) -> Prospects {
        // Other grants on the host count only for one that supersedes some.
        let isShared = grant.supersedes.isEmpty
        if isShared, let prospects = known[rules.shared] { return prospects }
        var policy = rules.policy
        policy.passkeys = passkeys
        let superseded = rules.open.filter { grant.supersedes.contains($0.key) }
        let prospects = Admission(policy: policy, host: rules.identity)
            .prospects(of: grant, signedBy: signatures, superseding: superseded, at: now)
        if isShared { known[rules.shared] = prospects }
        return prospects
    }
}

extension HostIdentity {
    fileprivate func isMeant(by pattern: HostPattern) -> Bool {
        pattern.matches(hostname: hostname, machineID: machineID, labels: labels)
    }
}
