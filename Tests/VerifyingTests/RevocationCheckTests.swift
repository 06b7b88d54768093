import Auditing
import Grants
import Testing

@testable import Verifying

@Suite struct `A check of revocations` {
    private let stamp = RecordStamp(
        realtime: Moment(microseconds: 1_796_126_400_000_000),
        boot: 0,
        bootID: String(repeating: "a", count: 32),
        machineID: String(repeating: "b", count: 32),
        hostname: "web-1"
    )

    @Test func `gains nothing by many records that wait for a revocation`() throws {
        let id = "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11"
        var check = RevocationCheck(isWhole: true)
        var refused = 0
        func require(_ digest: String) {
            let fields: [AuditField: [String]] = [.grant: [id], .revocation: [digest]]
            let entry = AuditEntry(.grantClosed, "Closed", fields: fields)
            let record = Record(sequence: 0, stamp: stamp, entry: entry)
            do { try check.require(record, of: nil) } catch { refused += 1 }
        }
        // What has found its file waits no more.
        let payload =
            #"{"jitgate":"revocation/1","ids":["\#(id)"],"hosts":["web-1"],"reason":"lost"}"#
        let order = try Revocation(parsing: Array(payload.utf8))
        for _ in 0..<65_536 { require("a") }
        check.take(order, AuditEntry(.grantClosed, "Closed", fields: [.revocation: ["a"]]))
        #expect(check.flaws.isEmpty && refused == 0)
        for number in 0..<65_537 { require("\(number)") }
        #expect(check.flaws.count == 65_536 && refused == 1)
    }
}
