import Admission
import Auditing
import Grants
import Testing

@testable import Agent

private func second(_ number: Int) -> Moment { Moment(microseconds: Int64(number) * 1_000_000) }

private func taken(_ issued: Int, lasting: Int = 3600) -> NewestBulletin.Taken {
    let bulletin = Bulletin(
        fleet: "prod",
        issued: second(issued),
        expires: second(issued + lasting)
    )
    return NewestBulletin.Taken(bulletin: bulletin, digest: "\(issued)", bytes: [])
}

@Suite struct `The newest bulletin` {
    private let rule = FreshnessRule(fleet: "prod", maxStaleness: .seconds(900))
    private var newest = NewestBulletin()

    @Test mutating func `is the one issued last, whichever came last`() {
        let (first, older) = (newest.take(taken(1000), at: second(1000)), taken(500))
        #expect(first)
        let isNewer = newest.take(older, at: second(1001))
        #expect(!isNewer && newest.taken?.digest == "1000")
        #expect(newest.staleness(by: rule, at: second(1899)) == nil)
        #expect(newest.staleness(by: rule, at: second(1900)) != nil)
        #expect(newest.due(by: rule, at: second(1001)) == second(1900))
        // No time passes by which a stale one becomes fresh.
        #expect(newest.due(by: rule, at: second(1900)) == nil)
        #expect(newest.staleness(by: FreshnessRule(fleet: "prod"), at: second(9000)) == nil)
        #expect(newest.due(by: FreshnessRule(fleet: "prod"), at: second(1001)) == nil)
    }

    @Test mutating func `is stale from its end on, also before max_staleness`() {
        _ = newest.take(taken(1000, lasting: 60), at: second(1000))
        #expect(newest.staleness(by: rule, at: second(1059)) == nil)
        #expect(newest.staleness(by: rule, at: second(1060)) != nil)
    }

    @Test mutating func `is none from too far ahead, until its time has come`() {
        _ = newest.take(taken(1000), at: second(1000))
        for issued in [9000, 2000, 90_000] {
            let isNewest = newest.take(taken(issued), at: second(1001))
            #expect(!isNewest)
        }
        #expect(newest.taken?.digest == "1000")
        #expect(newest.due(by: rule, at: second(1001)) == second(1700))
        var isNewest = newest.timePassed(at: second(1699))
        #expect(!isNewest)
        isNewest = newest.timePassed(at: second(1700))
        #expect(isNewest && newest.taken?.digest == "2000")
        #expect(newest.staleness(by: rule, at: second(1700)) == nil)
    }

    @Test mutating func `gives way to one of now when time went back`() {
        _ = newest.take(taken(90_000), at: second(90_000))
        #expect(newest.staleness(by: rule, at: second(1000)) != nil)
        let isNewest = newest.take(taken(1000), at: second(1000))
        #expect(isNewest && newest.taken?.digest == "1000")
        newest.keep { _ in false }
        #expect(newest.taken == nil && newest.latestIssue == nil)
    }
}

@Suite struct `What is new in a bulletin` {
    private func key(_ number: Int) -> String { "SHA256:\(number)" }

    private func bulletin(_ ids: [Int], _ keys: [Int]) -> Bulletin {
        Bulletin(
            fleet: "prod",
            issued: second(0),
            expires: second(60),
            revokedGrants: ids.map { GrantID(value: UInt128($0)) },
            revokedKeys: keys.map(key)
        )
    }

    @Test func `is what no other revoked, and is asked for once`() {
        var news = BulletinNews()
        var looks = 0
        let take = { (bulletin: Bulletin, barred: [String]) in
            news.take(bulletin, knowing: FleetRevocations(), barred: BarredKeys(barred)) { id in
                looks += 1
                return id.value != 2
            }
        }
        let first = take(bulletin([1, 2], [1]), [])
        #expect(first?.grants.map(\.value) == [1] && first?.keys == [key(1)])
        #expect(first?.refusal == nil && looks == 2)
        #expect(take(bulletin([1, 2], [1]), [key(1)]) == nil)
        #expect(take(bulletin([2], []), [key(1)]) == nil)
        #expect(looks == 2)
        #expect(take(bulletin([1, 2, 3], [1, 2]), [key(1)])?.keys == [key(2)])
        #expect(looks == 3)
    }
}
