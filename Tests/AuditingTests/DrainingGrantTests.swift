import Auditing
import Grants
import Testing
import Transparency

@Suite struct `A log of a grant that drains` {
    private static let id = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
    private static let digest = String(repeating: "ab", count: 32)
    private let grant = try? GrantID(parsing: Self.id)

    private func entry(
        _ event: AuditEvent,
        _ fields: [AuditField: [String]] = [:]
    ) -> AuditEntry {
        let common: [AuditField: [String]] = [
            .grant: [Self.id], .digest: [Self.digest], .requestor: ["dana"],
            .sources: ["192.0.2.7/32"], .ports: ["22/tcp"],
        ]
        return AuditEntry(event, "It happened", fields: common.merging(fields) { $1 })
    }

    private func logState(_ entries: [AuditEntry]) throws -> LogState {
        var logState = LogState()
        for (number, entry) in entries.enumerated() {
            let stamp = RecordStamp(
                realtime: Moment(microseconds: Int64(number) * 1_000_000),
                boot: 0,
                bootID: "b",
                machineID: "m",
                hostname: "web-1"
            )
            try logState.take(Record(sequence: UInt64(number), stamp: stamp, entry: entry))
        }
        return logState
    }

    private var draining: [AuditEntry] {
        [
            entry(.grantAccepted), entry(.grantOpened, [.deadline: ["1970-01-01T00:00:02Z"]]),
            entry(
                .grantClosed,
                [
                    .reason: ["expired"], .draining: ["2"],
                    .drainUntil: ["1970-01-01T12:00:02Z"],
                ]
            ),
        ]
    }

    @Test func `says what drains, since when and until when`() throws {
        let logState = try logState(draining)
        let id = try #require(grant)
        let found = try #require(logState.draining[id])
        #expect(found.openedAt == Moment(microseconds: 1_000_000))
        #expect(found.deadline == Moment(microseconds: 2_000_000))
        #expect(found.until == Moment(microseconds: 43_202_000_000))
        #expect(found.grant.fields[.sources] == ["192.0.2.7/32"])
        #expect(logState.grantStates[id] == nil)
        #expect(logState[id] == .ended(digest: String(Self.digest.prefix(16)), reason: "expired"))
    }

    @Test func `says so over a snapshot`() throws {
        let logState = try logState(draining)
        let snapshot = LogSnapshot(
            position: LogPosition(segment: 0, offset: 0, lastLength: 0),
            lastLeaf: .empty,
            tree: MerkleTree(),
            logState: logState
        )
        let read = try LogSnapshot(parsing: snapshot.encoded()) { _ in nil }
        #expect(read.logState.draining == logState.draining)
        #expect(!logState.draining.isEmpty)
    }

    @Test func `forgets it when it has drained`() throws {
        let logState = try logState(draining + [entry(.drainEnded, [.reason: ["finished"]])])
        let id = try #require(grant)
        #expect(logState.draining.isEmpty)
        #expect(logState[id] == .ended(digest: String(Self.digest.prefix(16)), reason: "expired"))
    }

    @Test func `is refused when it does not say until when`() throws {
        var entries = draining
        entries[2].fields[.drainUntil] = ["soon"]
        #expect(throws: RecordError.self) { try logState(entries) }
    }
}
