import Testing

@testable import Connections

@Suite struct `A tally of denials` {
    private func packets(_ count: Int) throws -> [LoggedPacket] {
        let one = try #require(Packets.logged(Packets.ipv4()).flatMap(LoggedPacket.init))
        return [LoggedPacket](repeating: one, count: count)
    }

    @Test func `gives each packet a record while there are few`() throws {
        var tally = DenialTally(perSecond: 10, at: 0)
        let denials = try tally.take(packets(3), of: 3, at: 5)
        #expect(denials.map(\.missed) == [0, 0, 0])
    }

    @Test func `speaks once for every packet without a record, whatever the flood`() throws {
        var tally = DenialTally(perSecond: 10, at: 0)
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
        var tally = DenialTally(perSecond: 10, at: 0)
        #expect(try tally.take(packets(2), of: 0, at: 1).map(\.missed) == [0, 0])
        #expect(try tally.take(packets(1), of: 5, at: 2).map(\.missed) == [2])
    }
}
