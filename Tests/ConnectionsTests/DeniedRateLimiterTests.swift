import Grants
import Testing

@testable import Connections

@Suite struct `A tally of denials` {
    private func packets(_ count: Int) throws -> [LoggedPacket] {
        let one = try #require(Packets.logged(Packets.ipv4()).flatMap(LoggedPacket.init))
        return [LoggedPacket](repeating: one, count: count)
    }

    @Test func `gives each packet a record while there are few`() throws {
        var tally = DeniedRateLimiter(perSecond: 10, at: 0)
        let denials = try tally.take(packets(3), of: 3, at: 5)
        #expect(denials.map(\.missed) == [0, 0, 0])
    }

    @Test func `speaks once for every packet without a record, whatever the flood`() throws {
        var tally = DeniedRateLimiter(perSecond: 10, at: 0)
        var (records, spokenFor, denied) = (0, 0, 0)
        for tenth in 0..<100 {
            let denials = try tally.take(packets(7), of: 1000, at: Int64(tenth) * 100_000)
            denied += 1000
            records += denials.count
            spokenFor += denials.reduce(0) { $0 + $1.missed }
        }
        #expect((20...120).contains(records))
        let last = try tally.take(packets(1), of: 1, at: 20_000_000)
        #expect(records + spokenFor + last.count + last[0].missed == denied + 1)
    }

    @Test func `bears packets that are told of before they are counted`() throws {
        var tally = DeniedRateLimiter(perSecond: 10, at: 0)
        #expect(try tally.take(packets(2), of: 0, at: 1).map(\.missed) == [0, 0])
        #expect(try tally.take(packets(1), of: 5, at: 2).map(\.missed) == [2])
    }

    @Test func `names where those came from that a record speaks for`() throws {
        var tally = DeniedRateLimiter(perSecond: 1, at: 0)
        let denials = try tally.take(packets(5), of: 5, at: 0)
        #expect(denials.map(\.missed) == [3, 0])
        #expect(denials[0].sources.top(9) == ["192.0.2.7 3"])
        #expect(!tally.isPending)
    }

    @Test func `sums up what no record speaks for, once`() throws {
        var tally = DeniedRateLimiter(perSecond: 1, at: 0)
        let denials = try tally.take(packets(3), of: 3, at: 0)
        #expect(denials.count == 2)
        // There is no room for one of those.
        tally.leaveOut(denials[1])
        tally.leaveOut(try packets(4), of: 4)
        let found = tally.summary(counting: 10)
        let summary = try #require(found)
        #expect(summary.count == 15)
        #expect(summary.sources.top(9) == ["192.0.2.7 5"])
        #expect(summary.ports.map(\.description) == ["22/tcp"])
        #expect(!tally.isPending)
        let again = tally.summary(counting: 0)
        #expect(again == nil)
    }

    @Test func `has nothing to sum up where only the count comes late`() throws {
        var tally = DeniedRateLimiter(perSecond: 10, at: 0)
        _ = try tally.take(packets(2), of: 0, at: 1)
        #expect(tally.isPending)
        let summary = tally.summary(counting: 2)
        #expect(summary == nil)
        #expect(!tally.isPending)
    }

    @Test func `gives one network no more than half, so that it hides nobody`() throws {
        var tally = DeniedRateLimiter(perSecond: 10, at: 0)
        let flood = try packets(10)
        let other = LoggedPacket(
            prefix: "jitgate-denied",
            source: try Address(parsing: "198.51.100.9"),
            destination: try Address(parsing: "192.0.2.1"),
            ports: nil
        )
        var named = 0
        for tenth in 0..<100 {
            let all = tenth % 5 == 0 ? flood + [other] : flood
            let denials = tally.take(all, of: all.count, at: Int64(tenth) * 100_000)
            named += denials.count { $0.packet == other }
        }
        #expect(named == 20)
    }
}
