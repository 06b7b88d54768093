import AgentInterface
import Enforcement
import Grants
import Testing

@testable import Agent
@testable import Connections

/// The order in which sessions may go on where there is no room for all.
@Suite struct `The order of sessions` {
    private func found(
        _ peer: String,
        _ peerPort: UInt16,
        age: UInt32
    ) throws -> FoundSession {
        FoundSession(
            peer: Endpoint(address: try Prefix(parsing: peer).address, port: peerPort),
            port: try Port(parsing: "22/tcp"),
            age: age
        )
    }

    @Test func `has the caller's own first, then those of logins, however young they are`() throws {
        let crowd = try (1...50).map { try found("198.51.100.\($0)", 4000, age: UInt32($0)) }
        let login = try found("198.51.100.60", 4000, age: 900)
        let own = try found("198.51.100.70", 4000, age: 1000)
        let neighbour = try found("198.51.100.70", 4001, age: 1)
        let order = SessionOrder(
            callers: [try #require(OngoingSession(own))],
            logins: [login.peer.address]
        )
        let sorted = order.sorted(crowd + [neighbour, login, own]) { $0 }
        #expect(sorted.prefix(2) == [own, login])
        #expect(sorted.count == 53)
    }

    @Test(arguments: [
        ("198.51.100.", "203.0.113.9"), ("2001:db8:1:100::", "2001:db8:1:200::9"),
    ])
    func `lets no neighbourhood crowd out another, though it came first`(
        crowd: String,
        other: String
    ) throws {
        let many = try (1...200).map { try found("\(crowd)\($0)", 4000, age: UInt32($0)) }
        let few = try (0..<3).map { try found(other, 5000 + $0, age: 1000 + UInt32($0)) }
        let sorted = SessionOrder(callers: [], logins: []).sorted(many + few) { $0 }
        #expect(few.allSatisfy(sorted.prefix(6).contains))
        // Of one neighbourhood the oldest come first.
        #expect(sorted.filter(many.contains) == many)
    }

    @Test(arguments: ["", "192.0.2.7 5 192.0.2.1", "x 5 192.0.2.1 22", "192.0.2.7 70000 x 22"])
    func `takes no text for a session that is none`(text: String) {
        #expect(SSHConnection(parsing: text).flatMap(OngoingSession.init) == nil)
    }

    @Test func `knows a session by what sshd says of it`() throws {
        let session = try OngoingSession(found("192.0.2.7", 5000, age: 1))
        let text = "192.0.2.7 5000 192.0.2.1 22"
        #expect(SSHConnection(parsing: text).flatMap(OngoingSession.init) == session)
    }
}
