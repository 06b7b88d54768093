import Auditing
import Grants
import Testing

@Suite struct `Reading a record` {
    @Test func `takes a field without values for a field that is not there`() throws {
        let stamp = RecordStamp(
            realtime: Moment(microseconds: 1_772_352_000_000_000),
            boot: 1_000_000_000,
            bootID: String(repeating: "0", count: 32),
            machineID: String(repeating: "1", count: 32),
            hostname: "web-1"
        )
        let record = Record(
            sequence: 0,
            stamp: stamp,
            entry: AuditEntry(.agentStopped, "Stops")
        )
        let text = String(decoding: record.line, as: UTF8.self)
        let line = text.replacing("}\n", with: ",\"JITGATE_EVIDENCE\":[]}\n")
        #expect(try Record(parsing: Array(line.utf8)) == record)
    }
}
