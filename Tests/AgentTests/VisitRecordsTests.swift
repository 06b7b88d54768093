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
            source: try Address(parsing: "192.0.2.7"),
            destination: try Address(parsing: "192.0.2.1"),
            ports: PacketPorts(source: 49152, destination: 22, transport: .tcp)
        )
        let denial = DeniedRateLimiter.Denial(packet: packet, missed: missed)
        let dropped = AuditEntry.denied(denial, isDropped: true)
        #expect(dropped.message == "192.0.2.7:49152 was denied at 22/tcp\(more)")
        #expect(dropped.fields[.missed] == (missed == 0 ? [] : ["\(missed)"]))
        let observed = AuditEntry.denied(denial, isDropped: false)
        #expect(observed.message == "192.0.2.7:49152 would be denied at 22/tcp\(more)")
    }

    @Test func `says what could not be read`() throws {
        let packet = LoggedPacket(
            prefix: "jitgate-denied",
            source: try Address(parsing: "2001:db8::7"),
            destination: try Address(parsing: "2001:db8::1"),
            ports: nil
        )
        let entry = AuditEntry.denied(.init(packet: packet, missed: 0), isDropped: true)
        #expect(
            entry.message
                == "2001:db8::7 was denied at a protected port, which its headers hide"
        )
        #expect(entry.fields[.peer] == ["2001:db8::7"])
        #expect(entry.fields[.reason] == ["ports-unread"])
    }
}
