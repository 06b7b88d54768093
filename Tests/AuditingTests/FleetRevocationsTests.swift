import Grants
import Scheduling
import Testing

@testable import Auditing

/// The records of bulletins, as the log state adds them up.
private struct Log {
    private(set) var logState = LogState()

    mutating func add(_ entry: AuditEntry, at seconds: Int64 = 0) throws {
        try logState.take(entry, at: seconds)
    }

    static func facts(_ number: Int, by keys: [String]) throws -> GrantProvenance {
        let parties = GrantParties(keys: keys)
        return try .numbered(number, signers: ["ops"], parties: parties)
    }

    mutating func bulletin(
        issued seconds: Int64 = 0,
        grants: [Int] = [],
        keys: [String] = [],
        at time: Int64 = 0
    ) throws {
        let issued = LogState.start + .seconds(seconds)
        let bulletin = Bulletin(fleet: "prod", issued: issued, expires: issued + .seconds(3600))
        var revoked = RevocationSelection(ids: grants.map { GrantID(value: UInt128($0)) })
        revoked.keys = keys
        let source = AuditEntry.RevocationSource(actors: ["signer:herald"], digest: digest)
        try add(BulletinRecords.accepted(bulletin, revoking: revoked, by: source), at: time)
    }

    mutating func lift(_ keys: [String], at seconds: Int64) throws {
        let source = AuditEntry.RevocationSource(actors: ["uid:0"])
        try add(BulletinRecords.lifted(keys, because: "x", against: nil, by: source), at: seconds)
    }

    /// The state, as a snapshot gives it back.
    func reread() throws -> LogState {
        let json = LogStateJSON.json(logState)
        return try LogStateJSON.logState(
            json,
            sequence: logState.nextSequence,
            ended: logState.ended
        )
    }
}

/// The SHA-256 of every bulletin here.
private let digest = String(repeating: "ab", count: 32)

private func id(_ number: Int) -> GrantID { GrantID(value: UInt128(number)) }

private func key(_ number: Int) -> String {
    let digits = String(number)
    return "SHA256:" + String(repeating: "0", count: 42 - digits.count) + digits + "A"
}

@Suite struct `The revocations of bulletins` {
    @Test func `end live grants by id and by key, and bar those that never came`() throws {
        var log = Log()
        for (number, keys) in [(1, [key(1)]), (2, [key(2), key(3)]), (3, [key(4)])] {
            let facts = try Log.facts(number, by: keys)
            try log.add(.accepted(facts))
            try log.add(.opened(facts, until: facts.grant.expires))
        }
        try log.bulletin(grants: [1, 9], keys: [key(3)])
        for state in [log.logState, try log.reread()] {
            let fleet = state.lockouts.fleet
            #expect(fleet.ending.mapValues(\.reason) == [id(1): .revoked, id(2): .keyRevoked])
            #expect(fleet.ending.values.allSatisfy { $0.digest == digest })
            #expect(Array(fleet.keys.keys) == [key(3)])
            #expect(state[id(9)] == .ended(digest: "abababababababab", reason: "revoked"))
            #expect(state[id(1)]?.live != nil)
        }
        try log.add(.closed(Log.facts(1, by: []), because: .revoked))
        try log.add(.closed(Log.facts(2, by: []), because: .keyRevoked))
        #expect(try log.reread().lockouts.fleet.ending.isEmpty)
        #expect(log.logState[id(2)] == .ended(digest: "0000000000000002", reason: "key-revoked"))
    }

    @Test func `keep keys until root lifts them, and after that until a later bulletin`() throws {
        var log = Log()
        try log.bulletin(issued: 0, keys: [key(1), key(2)])
        try log.lift([key(1)], at: 600)
        for state in [log.logState, try log.reread()] {
            let fleet = state.lockouts.fleet
            #expect(Array(fleet.keys.keys) == [key(2)])
            #expect(!fleet.isNews(key(2), issued: LogState.start + .seconds(9000)))
            #expect(!fleet.isNews(key(1), issued: LogState.start + .seconds(600)))
            #expect(fleet.isNews(key(1), issued: LogState.start + .seconds(601)))
            #expect(fleet.isNews(key(3), issued: LogState.start))
        }
        try log.bulletin(issued: 700, keys: [key(1)], at: 700)
        #expect(log.logState.lockouts.fleet.keys.count == 2)
        #expect(log.logState.lockouts.fleet.lifted.isEmpty)
    }

    @Test func `keep ten thousand keys and no more`() throws {
        var log = Log()
        for part in 0..<10 {
            let keys = (part * 1001..<(part + 1) * 1001).map(key)
            try log.bulletin(issued: Int64(part), keys: keys)
        }
        #expect(log.logState.lockouts.fleet.keys.count == 10_000)
        #expect(try log.reread().lockouts == log.logState.lockouts)
    }

    @Test func `let no step be undone to before the newest bulletin, if that was not ahead`() throws
    {
        for (issued, isKept) in [(Int64(60), true), (301 + 100, false)] {
            var log = Log()
            try log.add(AuditEntry(.agentStarted, ""), at: 0)
            try log.bulletin(issued: issued, keys: [key(1)], at: 100)
            let floor = LogState.start + .seconds(issued)
            #expect((log.logState.clock.timeline?.floor == floor) == isKept)
            #expect(try log.reread().clock == log.logState.clock)
        }
    }
}
