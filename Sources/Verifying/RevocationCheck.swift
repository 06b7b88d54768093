import Admission
import Auditing
import Grants

/// Checks that the named people signed a revocation, and that it matches the grants that ended.
struct RevocationCheck: Sendable {
    /// The most records that may wait for the one with the file.
    private static let limit = 65_536
    /// A log with thousands of them does not say it thousands of times.
    private static let flawLimit = 1000

    /// The content of a revocation, to which all records that name it are held.
    private struct Order {
        let match: RevocationMatch
        /// The match of its keys alone.
        let keys: RevocationMatch
        let fields: [AuditField: [String]]
    }

    private struct Waiting {
        let record: UInt64
        let entry: AuditEntry
        let grant: RevocableGrant?
    }

    /// The revocations that a record carried, by their SHA-256.
    private var known: [String: Order] = [:]
    private var waiting: [String: [Waiting]] = [:]
    private var waitingCount = 0
    /// The faults of records that waited.
    private var late: [LogFlaw] = []
    /// True if all records are at hand, so that each one that another rests on must be among them.
    private let isWhole: Bool

    init(isWhole: Bool) {
        self.isWhole = isWhole
    }

    /// Takes the revocation that a record carries, and says as it should.
    mutating func take(_ revocation: Revocation, _ entry: AuditEntry) {
        take(revocation.selection, entry)
    }

    /// The same of a revocation or a bulletin.
    mutating func take(_ selection: RevocationSelection, _ entry: AuditEntry) {
        guard let digest = entry[.revocation] else { return }
        let fields = Dictionary(
            uniqueKeysWithValues: [.actor, .comment].map { ($0, entry.fields[$0] ?? []) }
        )
        var keys = RevocationSelection()
        keys.keys = selection.keys
        let order = Order(
            match: RevocationMatch(selection),
            keys: RevocationMatch(keys),
            fields: fields
        )
        known[digest] = order
        let some = waiting.removeValue(forKey: digest) ?? []
        waitingCount -= some.count
        for one in some where late.count < Self.flawLimit {
            do throws(RecordFlaw) {
                try Self.hold(one.entry, one.grant, to: order)
            } catch {
                late.append(error.flaw(of: one.record))
            }
        }
    }

    /// One of the records that a revocation brought about carries it, not always the first.
    ///
    /// `grant` is what was signed, if that is known.
    mutating func require(_ record: Record, of grant: RevocableGrant?) throws(RecordFlaw) {
        let entry = record.entry
        guard let digest = entry[.revocation] else {
            guard entry.fields[.actor]?.contains(where: Self.isSigner) != true else {
                throw RecordFlaw(.evidence, "it names who signed its revocation, and no file")
            }
            return
        }
        if let order = known[digest] { return try Self.hold(entry, grant, to: order) }
        guard waitingCount < Self.limit else {
            guard isWhole else { return }
            throw Self.absent
        }
        waitingCount += 1
        let one = Waiting(record: record.sequence, entry: entry, grant: grant)
        waiting[digest, default: []].append(one)
    }

    private static let absent = RecordFlaw(
        .unaccepted,
        "no record carries the revocation that it names"
    )

    private static func hold(
        _ entry: AuditEntry,
        _ grant: RevocableGrant?,
        to order: Order
    ) throws(RecordFlaw) {
        // Of sessions from before enforcing there is no grant.
        if entry[.grant] != nil {
            guard let signed = grant ?? entry.namedGrant, order.match.matches(signed) else {
                throw RecordFlaw(.evidence, "the revocation that it names is not of this grant")
            }
            let isByKey = entry[.reason] == EndReason.keyRevoked.rawValue
            // Its keys are known if its file is.
            guard !isByKey || grant.map(order.keys.matches) ?? true else {
                throw RecordFlaw(.evidence, "no key that signed the grant was revoked")
            }
        }
        try entry.requireFields(order.fields)
    }

    /// By its bytes: what combines with the colon would make another character of it.
    private static func isSigner(_ actor: String) -> Bool {
        actor.utf8.starts(with: "signer:".utf8)
    }

    /// The flaws of records that still wait for a missing one once all were taken.
    var flaws: [LogFlaw] {
        late + (isWhole ? waiting.values.joined().map { Self.absent.flaw(of: $0.record) } : [])
    }
}

extension AuditEntry {
    /// The grant as the record itself tells it.
    fileprivate var namedGrant: RevocableGrant? {
        guard let id = grantID else { return nil }
        return RevocableGrant(
            id: id,
            requestor: self[.requestor] ?? "",
            sources: fields[.sources, default: []].compactMap { try? Prefix(parsing: $0) },
            parties: GrantParties(names: fields[.signers] ?? [])
        )
    }
}
