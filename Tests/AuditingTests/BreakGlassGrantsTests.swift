import Foundation
import Grants
import Testing

@testable import Auditing

/// The records of break-glass grants, as the log state adds them up.
private struct Log {
    private(set) var logState = LogState()

    mutating func add(_ entry: AuditEntry, at seconds: Int64 = 0) throws {
        try logState.take(entry, at: seconds)
    }

    static func facts(_ number: Int) throws -> GrantProvenance {
        try .numbered(number, signers: ["duty"], breakGlass: ["1 duty"])
    }

    mutating func open(_ number: Int) throws {
        let facts = try Self.facts(number)
        let end = facts.grant.expires
        try add(.accepted(facts))
        try add(.breakGlassOpened(facts, until: end))
        try add(.opened(facts, until: end))
    }

    mutating func review(_ number: Int) throws {
        let review = Review(
            grant: GrantID(value: UInt128(number)),
            hosts: [.name("*")],
            outcome: .justified,
            reason: "x"
        )
        try add(.reviewed(review, by: ["lead"], inFile: "/r", of: "review \(number)", [:]))
    }
}

@Suite struct `The break-glass grants of a log` {
    @Test func `are remembered beyond their end, until they are reviewed, and over a snapshot`()
        throws
    {
        var log = Log()
        try log.open(1)
        try log.open(2)
        try log.add(.closed(Log.facts(1), because: .expired), at: 60)
        try log.review(2)
        let form = LogStateJSON.json(log.logState)
        let read = try LogStateJSON.logState(form, sequence: 0, ended: EndedGrants())
        for logState in [log.logState, read] {
            #expect(logState.breakGlass.unreviewed.map(\.grant.id.value) == [1])
            #expect(logState.breakGlass[GrantID(value: 2)]?.review == "review 2")
            #expect(logState.breakGlass[GrantID(value: 1)]?.approvers == ["1 duty"])
            #expect(
                logState.endings(all: false).map(\.entry[.grant]) == [GrantID(value: 1).description]
            )
            #expect(logState.endings(all: true).count == 1)
        }
        #expect(read.breakGlass.all == log.logState.breakGlass.all)
    }

    @Test func `are bounded, and those go first that were reviewed`() throws {
        var log = Log()
        for number in 1...1000 { try log.open(number) }
        try log.review(500)
        try log.open(1001)
        #expect(log.logState.breakGlass.all.count == 1000)
        #expect(log.logState.breakGlass[GrantID(value: 500)] == nil)
        try log.open(1002)
        #expect(log.logState.breakGlass.all.count == 1000)
        #expect(log.logState.breakGlass[GrantID(value: 1)] == nil)
        #expect(log.logState.breakGlass[GrantID(value: 1002)]?.review == nil)
    }

    @Test func `are opened and reviewed once, whatever is recorded again`() throws {
        var log = Log()
        try log.open(1)
        let revision = log.logState.breakGlass.revision
        try log.add(.breakGlassOpened(Log.facts(1), until: Moment(microseconds: 1)))
        #expect(log.logState.breakGlass.revision == revision)
        try log.review(1)
        try log.review(1)
        #expect(log.logState.breakGlass.revision == revision + 1)
    }
}
