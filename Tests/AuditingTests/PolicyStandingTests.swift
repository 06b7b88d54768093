import Auditing
import Grants
import Testing
import Transparency

@Suite struct `The log's word on the policy` {
    private static let until = Moment(microseconds: 1_796_126_400_000_000)

    /// A record of a policy in force, with fields that say for how long.
    private func loaded(_ fields: [AuditField: [String]]) -> AuditEntry {
        let policy: [AuditField: [String]] = [
            .policyDigest: ["d"], .evidence: ["new"], .mode: ["enforce"],
        ]
        return AuditEntry(.policyLoaded, "", fields: policy.merging(fields) { $1 })
    }

    private var trial: AuditEntry {
        loaded([.deadline: [Self.until.description], .fallback: ["old"]])
    }

    private func ledger(_ entries: AuditEntry...) throws -> Ledger {
        var ledger = Ledger()
        for (number, entry) in entries.enumerated() {
            let stamp = RecordStamp(
                realtime: Self.until,
                boot: 1,
                bootID: "b",
                machineID: "",
                hostname: ""
            )
            let record = Record(sequence: UInt64(number), stamp: stamp, entry: entry)
            try ledger.take(Record(parsing: Array(record.line.dropLast())))
        }
        return ledger
    }

    @Test func `is nothing where a policy was loaded outright`() throws {
        #expect(try ledger(loaded([:])).policy == nil)
    }

    @Test func `names what is on trial, until when, and what comes back`() throws {
        let standing = try ledger(loaded([:]), trial).policy
        #expect(standing == .onTrial(policy: "new", until: Self.until, fallback: "old"))
    }

    @Test func `is over with a confirmation, and not with allowed signers that are loaded`() throws
    {
        let signers = AuditEntry(.policyLoaded, "", fields: [.file: ["allowed_signers"]])
        #expect(try ledger(trial, signers).policy != nil)
        #expect(try ledger(trial, loaded([:])).policy == nil)
    }

    @Test func `remembers what nobody confirmed`() throws {
        let standing = try ledger(trial, loaded([.rejected: ["r"], .evidence: ["old"]])).policy
        #expect(standing == .rolledBack(policy: "old", rejected: "r"))
    }

    @Test func `refuses a trial that does not say what comes back`() throws {
        #expect(throws: RecordError.self) {
            try ledger(loaded([.deadline: [Self.until.description]]))
        }
    }

    @Test func `survives in a snapshot`() throws {
        let rolledBack = loaded([.rejected: ["r"]])
        for ledger in [try ledger(trial), try ledger(rolledBack), try ledger(loaded([:]))] {
            var tree = MerkleTree()
            let leaf = try #require(TreeHash([UInt8](repeating: 1, count: 32)[...]))
            tree.append(leaf)
            let snapshot = LogSnapshot(
                position: LogPosition(segment: 0, offset: 1, lastLength: 1),
                lastLeaf: leaf,
                tree: tree,
                ledger: ledger
            )
            let read = try LogSnapshot(parsing: snapshot.encoded()) { _ in nil }.ledger
            #expect(read.policy == ledger.policy)
            #expect(read.mode == "enforce")
        }
    }
}
