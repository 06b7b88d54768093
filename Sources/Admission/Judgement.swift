package import Grants
package import Signatures

/// The refusal of a rule: the field, and a value that would pass.
package struct Refusal: Hashable, Sendable, CustomStringConvertible {
    /// The rule's stable name, such as `widest-source`.
    package let rule: String
    /// The field at fault, such as `sources[0]`.
    package let field: String
    package let reason: String
    /// A change that would pass.
    package let remedy: String

    package var description: String { "\(field): \(reason); \(remedy)" }
}

/// One rule and its result.
package struct Check: Hashable, Sendable {
    package let rule: String
    /// The refusal; `nil` if the grant passes.
    package let refusal: Refusal?
}

/// A grant that passes all rules; only `Admission` makes one.
package struct AdmittedGrant: Hashable, Sendable {
    package let grant: Grant
    package let approvals: [VerifiedSignature]
    package let sha256: String
}

/// The results of all rules for a grant.
package struct Judgement: Hashable, Sendable {
    package let checks: [Check]
    /// The role of each signature, in the order of the file.
    package let roles: [SignatureRole]
    /// The worth of each signature by the `[[approver]]` entries, in the order of the file.
    package let allowances: [Allowance]
    /// The alarm that lets the grant in; `nil` if its signatures meet the demands of policy, or if
    /// none may raise one.
    package let breakGlass: BreakGlass?
    /// The numbers of the `[[approver]]` entries with an alarm that allow the grant, by signature.
    let alarms: [[Int]]
    /// The admitted grant; `nil` if any rule refuses.
    package let admitted: AdmittedGrant?

    package var refusals: [Refusal] { checks.compactMap(\.refusal) }
}

/// The history of a grant's id in the log.
package enum GrantHistory: Hashable, Sendable {
    case unseen
    /// Accepted and not ended, with the SHA-256 of its file and the time of its opening, if open.
    case live(sha256: String, openSince: Moment?)
    case ended(reason: String)
    /// The history cannot be read, so the grant may have ended.
    case unreadable(why: String)
}

/// A live grant that another one would supersede.
package struct SupersededGrant: Hashable, Sendable {
    package let requestor: String
    package let ports: [Port]

    package init(requestor: String, ports: [Port]) {
        self.requestor = requestor
        self.ports = ports
    }
}

/// The signatures under a grant, for the rules.
struct JudgedSignatures: Sendable {
    /// In the order of the file.
    let signatures: [VerifiedSignature]
    /// The SHA-256 of the file, in hex; `nil` if there is none yet.
    let sha256: String?

    /// The signatures that approve.
    var approvals: [VerifiedSignature] { signatures.filter { $0.namespace != .request } }

    /// The requestor's own signatures, which approve nothing.
    var requests: [VerifiedSignature] { signatures.filter { $0.namespace == .request } }
}

/// The input of a rule.
struct Case: Sendable {
    let grant: Grant
    let payload: JudgedSignatures
    let history: GrantHistory
    /// Those of the grants that it supersedes that are live here.
    let superseded: [GrantID: SupersededGrant]
    /// A bar in force that selects the grant.
    let bar: Bar?
    let policy: Policy
    let host: HostIdentity
    let signatures: SignatureRules
    let now: Moment
    /// True if `now` is known well enough for the times of an `[[approver]]`.
    let isTimed: Bool
    /// The worth of each signature, in the order of the file; requests have no limits.
    private(set) var allowances: [Allowance] = []
    /// The numbers of the `[[approver]]` entries with an alarm that allow the grant, by signature.
    private(set) var alarms: [[Int]] = []
    /// The reason that the first port lacks approvals and the remedy; `nil` if all have enough.
    private(set) var approvalGap: (reason: String, remedy: String)?

    /// Weighs the signatures, once for all rules.
    mutating func weighSignatures() {
        allowances = weighedAllowances
        alarms = weighedAlarms
        approvalGap = firstApprovalGap
    }

    /// The time when access began, or would begin.
    var opening: Moment {
        if case .live(_, let since?) = history { return since }
        return max(now, grant.notBefore ?? now)
    }

    /// The ports of the grant, and of those that it supersedes: it decides about these, too.
    var allPorts: [Port] {
        grant.ports + Set(superseded.values.flatMap(\.ports)).subtracting(grant.ports).sorted()
    }

    /// The protected ones of all ports, with their rules.
    var protectedPorts: [(index: Int, port: Port, rules: PortRules)] {
        allPorts.enumerated().compactMap { index, port in
            policy.ports[port].map { (index, port, $0) }
        }
    }
}

/// One rule of policy: its name and its test.
struct Rule: Sendable {
    let name: String
    /// The field, reason and remedy of the first violation; `nil` if there is none.
    let breach: @Sendable (Case) -> (field: String, reason: String, remedy: String)?
}
