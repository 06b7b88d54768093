import Auditing
import Conditions
import Grants
import Linux
import Testing

@testable import Agent

@Suite struct `The conditions that the agent finds` {
    private func reading(_ seconds: Int64) -> ClockReading {
        ClockReading(wallMicroseconds: seconds * 1_000_000, bootMicroseconds: 0)
    }

    private func moment(_ seconds: Int64) -> Moment { Moment(microseconds: seconds * 1_000_000) }

    @Test func `arise when the turn began in which they were found`() {
        let conditions = HostConditions(at: reading(10))
        let refused = GateConditions.changeRefused(because: "no")
        conditions.begin(at: reading(20))
        conditions.set(.changeRefused, refused)
        conditions.begin(at: reading(30))
        conditions.set(.changeRefused, GateConditions.changeRefused(because: "still not"))
        #expect(conditions.all.map(\.since) == [moment(20)])
        #expect(conditions.worst?.message == "the kernel refused a change: still not")
        conditions.set(.logFull, AuditConditions.logFull("/l", because: "no"), at: reading(35))
        #expect(conditions.all.first?.since == moment(35))
        conditions.set(.changeRefused, nil)
        conditions.set(.logFull, nil)
        #expect(conditions.all.isEmpty && conditions.worst == nil)
    }

    @Test func `are no reason to call a host ill unless they are errors`() {
        let conditions = HostConditions(at: reading(10))
        conditions.set(.noWayBack, PolicyConditions.noWayBack("/p"))
        #expect(conditions.worst == nil && conditions.all.areHealthy)
    }

    @Test func `are dated by the clocks, which are read at the beginning of a turn`() {
        let conditions = HostConditions(at: reading(10))
        let clocks = Clocks(nil, resuming: .init(), in: "boot", at: reading(10), conditions)
        _ = clocks.read(reading(11))
        conditions.set(.noWayBack, PolicyConditions.noWayBack("/p"))
        #expect(conditions.all.map(\.since) == [moment(11)])
    }
}

@Suite struct `The conditions of a policy` {
    private func policy(_ text: String) throws -> PolicySource { try PolicySource(recorded: text) }

    private func codes(_ commit: PolicyCommit, _ policy: PolicySource) -> [String] {
        commit.conditions(of: policy, at: "/p").map(\.code)
    }

    @Test func `say whether anybody gets in when nobody can sign`() throws {
        #expect(codes(.settled, try policy("mode = \"observe\"\n")).isEmpty)
        let closed = try policy("mode = \"enforce\"\n")
        #expect(codes(.settled, closed) == ["no-way-back"])
        let trusting = try policy("mode = \"enforce\"\ntrusted = [\"10.0.0.0/8\"]\n")
        #expect(codes(.settled, trusting).isEmpty)
    }

    @Test func `say that it is on trial, or was not confirmed`() throws {
        let policy = try policy("mode = \"observe\"\n")
        let end = Moment(microseconds: 1_800_000_000_000_000)
        #expect(codes(.onTrial(until: end, fallback: policy), policy) == ["policy-on-trial"])
        #expect(codes(.rolledBack(rejected: "0123"), policy) == ["policy-not-confirmed"])
        // What was rejected and is in force all the same was loaded since.
        #expect(codes(.rolledBack(rejected: policy.digest), policy).isEmpty)
    }
}

@Suite struct `The conditions of refused files` {
    private func refusal(_ isDistrust: Bool) -> RefusedFiles.Refusal {
        RefusedFiles.Refusal(reason: "why", remedy: nil, isDistrust: isDistrust)
    }

    @Test func `are made again only when a file comes or goes`() throws {
        var files = RefusedFiles()
        let none = files.takeConditions()
        #expect(none?.values.allSatisfy(\.isEmpty) == true)
        let changes = files.takeConditions()
        #expect(changes == nil)
        files.put("/d/a.grant", refusal(false))
        files.put("/d/b.grant", refusal(true))
        let taken = files.takeConditions()
        let found = try #require(taken)
        #expect(found[.fileRefused]?.map(\.subject) == ["/d/a.grant"])
        #expect(found[.fileUntrusted]?.map(\.subject) == ["/d/b.grant"])
        files.remove("/d/none.grant")
        let others = files.takeConditions()
        #expect(others == nil)
        files.remove("/d/a.grant")
        let left = files.takeConditions()
        #expect(left?[.fileRefused] == [])
    }

    @Test func `name eight and count the others`() throws {
        var files = RefusedFiles()
        for number in 100..<120 { files.put("/d/\(number).grant", refusal(false)) }
        let taken = files.takeConditions()?[.fileRefused]
        let found = try #require(taken)
        #expect(found.count == 9 && found.first?.subject == "/d/100.grant")
        #expect(found.last?.message == "12 other files refused too")
    }

    @Test func `name the directories in which nothing counts, and what mends them`() throws {
        var files = RefusedFiles()
        _ = files.takeConditions()
        files.untrusted["/d"] = TrustError(
            code: .writableByOthers,
            path: "/d",
            reason: "may be written by others than its owner",
            remedy: "chmod go-w /d"
        )
        let taken = files.takeConditions()?[.dropDirectoryUntrusted]?.first
        let found = try #require(taken)
        #expect(found.message.hasPrefix("no grant file in /d counts: /d: may be written"))
        #expect(found.remedy == "chmod go-w /d")
    }
}
