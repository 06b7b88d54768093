import Enforcement
import Foundation
import Grants
import Synchronization
import TestSupport
import Testing

/// A watch over a gate; both live in the scene's server.
private final class HeldWatch: Sendable {
    private let watch: Mutex<TamperWatch>

    init(over gate: HeldGate) throws {
        watch = Mutex(try TamperWatch(ignoring: gate.port))
    }

    func drain() -> Tampering { watch.withLock { $0.drain() } }

    /// Waits for the first event; `nil` if none comes in time.
    func next(within milliseconds: Int32) -> Tampering? {
        var waiting = pollfd(
            fd: watch.withLock { $0.fileDescriptor },
            events: Int16(POLLIN),
            revents: 0
        )
        return unsafe poll(&waiting, 1, milliseconds) == 1 ? drain() : nil
    }
}

@Suite struct `A watch over the gate` {
    @Test(arguments: [
        "flush ruleset", "delete table inet jitgate", "add rule inet jitgate gate accept",
        "delete element inet jitgate protected { tcp . 22 }",
    ])
    func `hears of what another tool does, and who it is`(command: String) throws {
        let scene = try GateScene(highest: .watched)
        try scene.gate.install(shape())
        let watch = try scene.server.run { try HeldWatch(over: scene.gate) }
        try scene.nft(command)
        let tampering = try #require(watch.next(within: 10_000))
        #expect(tampering.changes.map(\.process) == ["nft"])
        #expect(!tampering.lostEvents)
        #expect(try scene.gate.install(shape()).changed)
        #expect(try !scene.reaches(from: "192.0.2.8"))
        #expect(watch.next(within: 0) == nil)
    }

    @Test(arguments: [
        ("flush ruleset", Tampering.Extent.table), ("delete table inet jitgate", .table),
        ("flush table inet jitgate", .rules), ("flush chain inet jitgate gate", .rules),
        ("insert rule inet jitgate gate accept", .rules),
        ("flush set inet jitgate ipv4_32", .elements),
    ])
    func `tells what is gone, and that is put back without a look at the rest`(
        command: String,
        extent: Tampering.Extent
    ) throws {
        let scene = try GateScene(highest: .watched)
        let open = [try opening("192.0.2.7/32"): Duration.seconds(600)]
        try scene.gate.install(shape(), open: open)
        let watch = try scene.server.run { try HeldWatch(over: scene.gate) }
        #expect(try scene.reaches(from: "192.0.2.7"))
        let counted = try scene.listing
        try scene.nft(command)
        let tampering = try #require(watch.next(within: 10_000))
        #expect(tampering.extent == extent)
        #expect(try scene.gate.restore(after: extent, open: open) == (extent > .elements))
        if extent > .elements {
            #expect(try !scene.reaches(from: "192.0.2.8"))
            #expect(try scene.reaches(from: "192.0.2.7"))
            // All that a look finds then is right.
            #expect(try scene.gate.install(shape(), open: open).changed == false)
        }
        if extent == .rules {
            // Its use goes on being counted: it came in before and after.
            let element = try scene.listing.split(separator: "\n").first {
                $0.contains("192.0.2.7")
            }
            let packets = element?.firstMatch(of: /packets (\d+)/).flatMap { Int($0.1) }
            let before = counted.firstMatch(of: /192\.0\.2\.7.*?packets (\d+)/).flatMap {
                Int($0.1)
            }
            #expect(try #require(packets) > #require(before))
        }
        #expect(watch.next(within: 0) == nil)
    }

    @Test func `where more is gone than was heard, a look mends it`() throws {
        let scene = try GateScene(highest: .watched)
        try scene.gate.install(shape())
        try scene.nft("delete table inet jitgate")
        #expect(throws: GateError.self) { try scene.gate.restore(after: .rules, open: [:]) }
        #expect(try scene.gate.install(shape()).rebuilt)
        #expect(try !scene.reaches(from: "192.0.2.8"))
    }

    @Test func `does not hear of the gate itself, nor care for other tables`() throws {
        let scene = try GateScene(highest: .watched)
        try scene.gate.install(shape())
        let watch = try scene.server.run { try HeldWatch(over: scene.gate) }
        let open = try opening("192.0.2.7/32")
        try scene.gate.commit([open: .seconds(60)])
        try scene.gate.commit([open: nil])
        #expect(watch.next(within: 50) == nil)
        try scene.nft("add table inet other; add chain inet other jitgate")
        #expect(try #require(watch.next(within: 10_000)).isReason == false)
    }

    @Test func `says when it could not keep up`() throws {
        let scene = try GateScene(highest: .watched)
        try scene.gate.install(shape())
        let watch = try scene.server.run { try HeldWatch(over: scene.gate) }
        try scene.nft("add set inet jitgate many { type ipv4_addr; }")
        let elements = (0..<60_000).map { "10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)" }
        try scene.server.command(
            "nft",
            "-f",
            "-",
            input: "add element inet jitgate many { \(elements.joined(separator: ", ")) }\n"
        )
        let tampering = watch.drain()
        #expect(tampering.lostEvents && tampering.isReason)
        #expect(try scene.gate.install(shape()).changed)
        #expect(try !scene.listing.contains("many"))
    }

    @Test func `lets the gate be mended within a few milliseconds`() throws {
        let scene = try GateScene(highest: .watched)
        let open = try opening("192.0.2.7/32")
        try scene.gate.install(shape(), open: [open: .seconds(600)])
        let watch = try scene.server.run { try HeldWatch(over: scene.gate) }
        var times: [Duration] = []
        for _ in 0..<20 {
            try scene.nft("flush ruleset")
            let begin = ContinuousClock.now
            #expect(watch.drain().isReason)
            #expect(try scene.gate.install(shape(), open: [open: .seconds(600)]).rebuilt)
            times.append(begin.duration(to: .now))
        }
        print("mended in \(times.sorted()[10]), at most \(times.sorted()[19])")
        #expect(times.sorted()[10] < .milliseconds(50))
    }
}
