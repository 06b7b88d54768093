import Auditing
import Grants
import Testing

@testable import Agent
@testable import Connections

@Suite struct `The record of a denied packet` {
    @Test(arguments: [
        (0, ""), (1, ", and 1 packet before it"), (2, ", and 2 packets before it"),
    ])
    func `says how many before it have none`(missed: Int, more: String) throws {
        let packet = LoggedPacket(
            prefix: "jitgate-denied",
            source: Endpoint(address: try Address(parsing: "192.0.2.7"), port: 49152),
            destination: Endpoint(address: try Address(parsing: "192.0.2.1"), port: 22),
            transport: .tcp,
            originalPort: nil
        )
        let denial = DenialTally.Denial(packet: packet, missed: missed)
        let dropped = AuditEntry.denied(denial, isDropped: true)
        #expect(dropped.message == "192.0.2.7:49152 was denied at 22/tcp\(more)")
        #expect(dropped.fields[.missed] == (missed == 0 ? [] : ["\(missed)"]))
        let observed = AuditEntry.denied(denial, isDropped: false)
        #expect(observed.message == "192.0.2.7:49152 would be denied at 22/tcp\(more)")
    }
}
