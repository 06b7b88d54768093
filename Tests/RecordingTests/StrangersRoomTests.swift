import Recording
import Testing

@Suite struct `The room that a disk has for records of strangers` {
    private static let kept: Int64 = 1 << 30

    private static let cases: [(free: UInt64, total: UInt64, extent: StrangersRoom.Extent)] = [
        (2 << 30, 100 << 30, .allowance), (1 << 30, 100 << 30, .reserve),
        (1 << 29, 100 << 30, .none), (0, 100 << 30, .none),
        // Of a small disk a twentieth is kept.
        (16 << 10, 300 << 10, .allowance), (15 << 10, 300 << 10, .reserve),
        (7 << 10, 300 << 10, .none),
    ]

    @Test func `ends above what is to be free`() {
        for (free, total, extent) in Self.cases {
            #expect(StrangersRoom(free: free, of: total, keeping: Self.kept).extent == extent)
        }
    }

    @Test func `is taken by what is written at once, too`() {
        var room = StrangersRoom(free: 20 << 10, of: 300 << 10, keeping: Self.kept)
        let taken = (0..<100).count { _ in room.take(1 << 10) }
        #expect(taken == 5)
        var none = StrangersRoom.none
        let hasAny = none.take(1)
        #expect(!hasAny && none.extent == .none)
    }
}
