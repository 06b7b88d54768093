import Auditing
import Grants

/// Checks that whoever is said to have signed a revocation did.
struct RevocationCheck: Sendable {
    /// So many records may wait for the one with the file.
    private static let limit = 65_536
    /// A log with thousands of them does not say it thousands of times.
    private static let flawLimit = 1000

    /// What a revocation says, by which all records that name it are held.
    private struct Order {
        let ids: [GrantID]
        let fields: [AuditField: [String]]
    }

    private struct Waiting {
        let record: UInt64
        let entry: AuditEntry
    }

    /// The revocations that a record carried, by their SHA-256.
    private var known: [String: Order] = [:]
    private var waiting: [String: [Waiting]] = [:]
    private var waitingCount = 0
    /// What was found of records that waited.
    private var late: [LogFlaw] = []
    /// Whether all records are at hand, so that none may rest on one that is not.
    private let isWhole: Bool

    init(isWhole: Bool) {
        self.isWhole = isWhole
    }

    /// Takes the revocation that a record carries, and says as it should.
    mutating func take(_ revocation: Revocation, _ entry: AuditEntry) {
        guard let digest = entry[.revocation] else { return }
        let fields = Dictionary(
            uniqueKeysWithValues: [.actor, .comment].map { ($0, entry.fields[$0] ?? []) }
        )
        let order = Order(ids: revocation.ids, fields: fields)
        known[digest] = order
        let some = waiting.removeValue(forKey: digest) ?? []
        waitingCount -= some.count
        for one in some where late.count < Self.flawLimit {
            do throws(RecordFlaw) {
                try Self.hold(one.entry, to: order)
            } catch {
                late.append(error.flaw(of: one.record))
            }
        }
    }

    /// One of the records that a revocation brought about carries it, not always the first.
    mutating func require(_ record: Record) throws(RecordFlaw) {
        let entry = record.entry
        guard let digest = entry[.revocation] else {
            guard entry.fields[.actor]?.contains(where: Self.isSigner) != true else {
                throw RecordFlaw(.evidence, "it names who signed its revocation, and no file")
            }
            return
        }
        if let order = known[digest] { return try Self.hold(entry, to: order) }
        guard waitingCount < Self.limit else {
            guard isWhole else { return }
            throw Self.absent
        }
        waitingCount += 1
        waiting[digest, default: []].append(Waiting(record: record.sequence, entry: entry))
    }

    private static let absent = RecordFlaw(
        .unaccepted,
        "no record carries the revocation that it names"
    )

    private static func hold(_ entry: AuditEntry, to order: Order) throws(RecordFlaw) {
        guard entry.isAbout(oneOf: order.ids) else {
            throw RecordFlaw(.evidence, "the revocation that it names is not of this grant")
        }
        try entry.requireFields(order.fields)
    }

    /// By its bytes: what combines with the colon would make another character of it.
    private static func isSigner(_ actor: String) -> Bool {
        actor.utf8.starts(with: "signer:".utf8)
    }

    /// All records were taken: what is still waited for is not there.
    var flaws: [LogFlaw] {
        late + (isWhole ? waiting.values.joined().map { Self.absent.flaw(of: $0.record) } : [])
    }
}
