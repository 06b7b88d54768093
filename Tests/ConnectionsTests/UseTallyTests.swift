import Grants
import Testing

@testable import Connections

private func packet(_ source: String, port: UInt16 = 49152) throws -> LoggedPacket {
    LoggedPacket(
        prefix: "jitgate-used",
        source: try Address(parsing: source),
        destination: try Address(parsing: "192.0.2.1"),
        ports: PacketPorts(source: port, destination: 22, transport: .tcp)
    )
}

private func grant(_ number: Int) throws -> GrantID {
    try GrantID(parsing: "00000000-0000-4000-8000-00000000000\(number)")
}

@Suite struct `First uses` {
    @Test func `are those of each source, of each grant, up to 64`() throws {
        var firsts = FirstUses()
        let (dana, wide) = (try grant(1), try grant(2))
        let uses = [[dana], [dana], [dana, wide], [dana, wide]]
        let are = try uses.map { firsts.take(Use(try packet("192.0.2.7"), by: $0)) }
        #expect(are == [true, false, true, false])
        let more = try (0..<200).count { index in
            firsts.take(Use(try packet("198.51.100.\(index)"), by: [wide]))
        }
        #expect(more == 63)
        firsts.forget(wide)
        let isFirst = firsts.take(Use(try packet("192.0.2.7"), by: [wide]))
        #expect(isFirst)
    }
}

@Suite struct `Uses without a record` {
    @Test func `are told of by grant and by source`() throws {
        var uses = UnrecordedUses()
        let (dana, wide) = (try grant(1), try grant(2))
        for port in 1...3 { uses.add(Use(try packet("192.0.2.7", port: UInt16(port)), by: [dana])) }
        uses.add(Use(try packet("192.0.2.8"), by: [dana]))
        uses.add(Use(try packet("192.0.2.9"), by: [dana, wide]))
        let first = uses.take(atMost: 1).first
        let largest = try #require(first)
        #expect(largest.count == 4)
        #expect(largest.last.packet.peer == "192.0.2.8:49152")
        #expect(largest.sources.top(9) == ["192.0.2.7 3", "192.0.2.8 1"])
        #expect(largest.sourcesBeforeLast.top(9) == ["192.0.2.7 3"])
        let others = uses.take(of: wide)
        #expect(others.map(\.count) == [1])
        #expect(uses.isEmpty)
    }

    @Test func `are spoken for by the next one of the same grants`() throws {
        var uses = UnrecordedUses()
        let dana = try grant(1)
        uses.add(Use(try packet("192.0.2.7"), by: [dana]))
        let other = uses.take(besides: Use(try packet("192.0.2.8"), by: [try grant(2)]))
        let same = uses.take(besides: Use(try packet("192.0.2.8"), by: [dana]))
        #expect(other == nil && same?.count == 1)
        #expect(uses.isEmpty)
    }
}

@Suite struct `Uses that a socket has to prove` {
    private static let second: Int64 = 1_000_000

    @Test func `are proved once, and again by another socket only`() throws {
        var uses = UnprovedUses()
        let came = try packet("192.0.2.7")
        var isTaken = uses.take(came, at: 0)
        #expect(isTaken && uses.due(at: 0) == [came])
        var found = uses.take([came: [1]], of: [came], at: 0)
        #expect(found.proved == [came] && uses.dueAt == nil)
        // A moment later nobody looks.
        isTaken = uses.take(came, at: Self.second / 2)
        #expect(isTaken && uses.dueAt == nil)
        for (socket, isProved) in [([1], false), ([2], true)] as [([UInt8], Bool)] {
            let now = Self.second * Int64(socket[0]) * 2
            isTaken = uses.take(came, at: now)
            found = uses.take([came: socket], of: uses.due(at: now), at: now)
            #expect(isTaken && found.proved.isEmpty != isProved && found.unproved.isEmpty)
        }
    }

    @Test func `are looked for some times and then called unproved`() throws {
        var uses = UnprovedUses()
        let came = try packet("192.0.2.7")
        _ = uses.take(came, at: 0)
        var looks = 0
        while let now = uses.dueAt {
            looks += 1
            try #require(looks < 10)
            let found = uses.take([:], of: uses.due(at: now), at: now)
            #expect(found.unproved == (uses.dueAt == nil ? [came] : []))
        }
        #expect(looks == 4)
    }

    @Test func `wait in bounded number; datagrams have no socket that proves them`() throws {
        var uses = UnprovedUses()
        let waiting = try (1...1000).count { port in
            uses.take(try packet("192.0.2.7", port: UInt16(port)), at: 0)
        }
        #expect(waiting == 256)
        let datagram = LoggedPacket(
            prefix: "jitgate-untracked",
            source: try Address(parsing: "192.0.2.9"),
            destination: try Address(parsing: "192.0.2.1"),
            ports: PacketPorts(source: 1, destination: 3389, transport: .udp)
        )
        let isTaken = uses.take(datagram, at: 0)
        #expect(!isTaken)
    }
}
