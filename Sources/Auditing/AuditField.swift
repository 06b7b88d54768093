/// The `JITGATE_` fields of a record, in the order in which they are written.
package enum AuditField: Hashable, Sendable, CaseIterable {
    case grant
    case digest
    case requestor
    case signers
    case approvers
    case breakGlass
    case certificates
    case keys
    case signerNames
    case requestorNames
    case justification
    case ticket
    case supersedes
    case sources
    case ports
    case deadline
    case file
    case origin
    case reason
    case actor
    case comment
    case outcome
    case peer
    case packets
    case bytes
    case connections
    case draining
    case drainUntil
    case leftOut
    case mode
    case missed
    case missedSources
    case clock
    case policyDigest
    case machine
    case key
    case root
    case fallback
    case rejected
    case rules
    case revocation
    case review
    case revocationID
    case revokes
    case until
    case fleet
    case issued
    case expires
    case superseder
    case allowedSigners
    case evidence

    /// The name of the field.
    ///
    /// It is no raw value: fields would then be hashed by their names.
    package var rawValue: String {
        switch self {
        case .grant: "JITGATE_GRANT"
        case .digest: "JITGATE_GRANT_SHA256"
        case .requestor: "JITGATE_REQUESTOR"
        case .signers: "JITGATE_SIGNERS"
        case .approvers: "JITGATE_APPROVERS"
        case .breakGlass: "JITGATE_BREAK_GLASS"
        case .certificates: "JITGATE_CERTIFICATES"
        case .keys: "JITGATE_KEYS"
        case .signerNames: "JITGATE_SIGNER_NAMES"
        case .requestorNames: "JITGATE_REQUESTOR_NAMES"
        case .justification: "JITGATE_JUSTIFICATION"
        case .ticket: "JITGATE_TICKET"
        case .supersedes: "JITGATE_SUPERSEDES"
        case .sources: "JITGATE_SOURCES"
        case .ports: "JITGATE_PORTS"
        case .deadline: "JITGATE_DEADLINE"
        case .file: "JITGATE_FILE"
        case .origin: "JITGATE_ORIGIN"
        case .reason: "JITGATE_REASON"
        case .actor: "JITGATE_ACTOR"
        case .comment: "JITGATE_COMMENT"
        case .outcome: "JITGATE_OUTCOME"
        case .peer: "JITGATE_PEER"
        case .packets: "JITGATE_PACKETS"
        case .bytes: "JITGATE_BYTES"
        case .connections: "JITGATE_CONNECTIONS"
        case .draining: "JITGATE_DRAINING"
        case .drainUntil: "JITGATE_DRAIN_UNTIL"
        case .leftOut: "JITGATE_LEFT_OUT"
        case .mode: "JITGATE_MODE"
        case .missed: "JITGATE_MISSED"
        case .missedSources: "JITGATE_MISSED_SOURCES"
        case .clock: "JITGATE_CLOCK"
        case .policyDigest: "JITGATE_POLICY_SHA256"
        case .machine: "JITGATE_FORMER_MACHINE_ID"
        case .key: "JITGATE_AUDIT_KEY"
        case .root: "JITGATE_FORMER_ROOT"
        case .fallback: "JITGATE_POLICY_FALLBACK"
        case .rejected: "JITGATE_POLICY_REJECTED"
        case .rules: "JITGATE_RULES"
        case .revocation: "JITGATE_REVOCATION_SHA256"
        case .review: "JITGATE_REVIEW_SHA256"
        case .revocationID: "JITGATE_REVOCATION"
        case .revokes: "JITGATE_REVOKES"
        case .until: "JITGATE_UNTIL"
        case .fleet: "JITGATE_FLEET"
        case .issued: "JITGATE_ISSUED"
        case .expires: "JITGATE_EXPIRES"
        case .superseder: "JITGATE_SUPERSEDED_BY"
        case .allowedSigners: "JITGATE_ALLOWED_SIGNERS"
        case .evidence: "JITGATE_EVIDENCE"
        }
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.rawValue, $0) })

    package init?(rawValue name: String) {
        guard let field = Self.byName[name] else { return nil }
        self = field
    }
}

extension AuditField {
    /// True for evidence: fields about the file that a record rests on, and in that one record
    /// alone.
    package var isEvidence: Bool { self == .evidence || self == .allowedSigners }
}

/// The content of an event, before it is stamped with time, place and its number.
package struct AuditEntry: Hashable, Sendable {
    package let event: AuditEvent
    /// One line for people.
    package var message: String
    /// Values by field; a field with an empty array is left out.
    package var fields: [AuditField: [String]]

    package init(_ event: AuditEvent, _ message: String, fields: [AuditField: [String]] = [:]) {
        self.event = event
        self.message = message
        self.fields = fields
    }

    /// The entry for people to read, without its evidence, which may be long.
    package var withoutEvidence: Self {
        Self(event, message, fields: fields.filter { !$0.key.isEvidence })
    }

    package subscript(field: AuditField) -> String? { fields[field]?.first }
}
