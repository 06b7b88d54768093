import Grants
import Testing

@testable import Connections

@Suite struct `An allowance` {
    private static let second: Int64 = 1_000_000
    private static let hour: Int64 = 3600 * second

    private func source(_ text: String) throws -> Address { try Address(parsing: text) }

    @Test func `gives an hour's worth at once, and a day's in a day, however many ask`() throws {
        var allowance = Allowance(perDay: 24_000, parts: 1, at: 0)
        var taken = 0
        for second in 0..<86_400 {
            let network = try source("10.\(second % 200).\(second % 250).7")
            for _ in 0..<3 where allowance.take(10, for: network, at: Int64(second) * Self.second) {
                taken += 10
            }
            if second == 0 { #expect(taken <= 1000) }
        }
        #expect((24_000...25_000).contains(taken))
    }

    @Test func `is not one network's alone`() throws {
        var allowance = Allowance(perDay: 24_000, parts: 4, at: 0)
        let flood = try source("203.0.113.7")
        let count = (0..<1000).count { _ in allowance.take(10, for: flood, at: 0) }
        #expect(count == 25)
        let others = ["203.0.113.250", "203.0.114.1", "2001:db8:0:1::1"]
        let have = try others.map { allowance.take(10, for: try source($0), at: 0) }
        #expect(have == [false, true, true])
    }

    @Test func `is spent for a quarter of an hour, so that summaries take its place`() throws {
        var allowance = Allowance(perDay: 24_000, parts: 1, at: 0)
        let flood = try source("203.0.113.7")
        while allowance.take(10, for: flood, at: 0) {}
        let have = [Self.hour / 5, Self.hour / 4].map { allowance.take(10, for: flood, at: $0) }
        #expect(have == [false, true])
    }

    @Test func `remembers a bounded number of networks`() throws {
        var allowance = Allowance(perDay: 1 << 30, parts: 4, at: 0)
        for index in 0..<5000 {
            let address = try source("10.\(index / 250).\(index % 250).1")
            _ = allowance.take(10, for: address, at: Int64(index))
        }
        #expect(allowance.networkCount <= 1024)
    }

    @Test func `pays for what has to be said, and runs up no endless debt`() throws {
        var allowance = Allowance(perDay: 24_000, parts: 1, at: 0)
        for _ in 0..<1000 { allowance.spend(1000, at: 0) }
        let flood = try source("203.0.113.7")
        let times = [Self.hour, Self.hour * 5 / 4 + 2 * Self.second]
        let have = times.map { allowance.take(10, for: flood, at: $0) }
        #expect(have == [false, true])
    }
}

@Suite struct `Counts of sources` {
    @Test func `are exact while there are few`() throws {
        var counts = SourceCounts()
        for index in [1, 2, 2, 3, 3, 3] { counts.add(try Address(parsing: "192.0.2.\(index)")) }
        #expect(counts.top(2) == ["192.0.2.3 3", "192.0.2.2 2"])
        counts.remove(try Address(parsing: "192.0.2.1"))
        #expect(counts.top(9).count == 2)
    }

    @Test func `name who came most among any number, and never too many`() throws {
        var counts = SourceCounts()
        let eager = try Address(parsing: "203.0.113.7")
        for index in 0..<20_000 {
            counts.add(
                try Address(parsing: "10.\(index / 65_536).\(index / 256 % 256).\(index % 256)")
            )
            if index % 10 == 0 { counts.add(eager) }
        }
        let first = try #require(counts.top(1).first?.split(separator: " "))
        #expect(first[0] == "203.0.113.7")
        let count = try #require(Int(first[1]))
        #expect(count <= 2000 && count >= 2000 - 22_000 / 65)
        #expect(counts.top(.max).count <= 64)
    }
}
