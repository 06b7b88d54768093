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

    private func logState(_ entries: AuditEntry...) throws -> LogState {
        var logState = LogState()
        for (number, entry) in entries.enumerated() {
            let stamp = RecordStamp(
                realtime: Self.until,
                boot: 1,
                bootID: "b",
                machineID: "",
                hostname: ""
            )
            let record = Record(sequence: UInt64(number), stamp: stamp, entry: entry)
            try logState.take(Record(parsing: Array(record.line.dropLast())))
        }
        return logState
    }

    @Test func `is nothing where a policy was loaded outright`() throws {
        #expect(try logState(loaded([:])).policy == nil)
    }

    @Test func `names what is on trial, until when, and what comes back`() throws {
        let grantState = try logState(loaded([:]), trial).policy
        #expect(grantState == .onTrial(policy: "new", until: Self.until, fallback: "old"))
    }

    @Test func `is over with a confirmation, and not with allowed signers that are loaded`() throws
    {
        let signers = AuditEntry(.policyLoaded, "", fields: [.file: ["allowed_signers"]])
        #expect(try logState(trial, signers).policy != nil)
        #expect(try logState(trial, loaded([:])).policy == nil)
    }

    @Test func `remembers what nobody confirmed`() throws {
        let grantState = try logState(trial, loaded([.rejected: ["r"], .evidence: ["old"]])).policy
        #expect(grantState == .rolledBack(policy: "old", rejected: "r"))
    }

    @Test func `refuses a trial that does not say what comes back`() throws {
        #expect(throws: RecordError.self) {
            try logState(loaded([.deadline: [Self.until.description]]))
        }
    }

    @Test func `survives in a snapshot`() throws {
        let rolledBack = loaded([.rejected: ["r"]])
        for logState in [try logState(trial), try logState(rolledBack), try logState(loaded([:]))] {
            var tree = MerkleTree()
            let leaf = try #require(TreeHash([UInt8](repeating: 1, count: 32)[...]))
            tree.append(leaf)
            let snapshot = LogSnapshot(
                position: LogPosition(segment: 0, offset: 1, lastLength: 1),
                lastLeaf: leaf,
                tree: tree,
                logState: logState
            )
            let read = try LogSnapshot(parsing: snapshot.encoded()) { _ in nil }.logState
            #expect(read.policy == logState.policy)
            #expect(read.mode == "enforce")
        }
    }
}
