import Grants
import Netlink
import TestSupport
import Testing

@testable import Connections

@Suite struct `A logged packet` {
    private func read(_ packet: [UInt8]) -> LoggedPacket? {
        Packets.logged(packet).flatMap(LoggedPacket.init)
    }

    @Test(arguments: [
        ("plain IPv4", Packets.ipv4(), "192.0.2.7:49152"),
        ("IPv4 with options", Packets.ipv4(options: [7, 3, 4, 0]), "192.0.2.7:49152"),
        ("a first fragment", Packets.ipv4(fragment: 0x2000), "192.0.2.7:49152"),
        ("plain IPv6", Packets.ipv6(), "[2001:db8::7]:49152"),
        (
            "hop-by-hop and destination options",
            Packets.ipv6(
                next: 0,
                rest: [60, 0, 0, 0, 0, 0, 0, 0, 6, 1] + [UInt8](repeating: 0, count: 14)
                    + Packets.ports
            ), "[2001:db8::7]:49152"
        ),
        (
            "an authentication header",
            Packets.ipv6(
                next: 51,
                rest: [6, 4] + [UInt8](repeating: 9, count: 22) + Packets.ports
            ), "[2001:db8::7]:49152"
        ),
        (
            "a first IPv6 fragment",
            Packets.ipv6(next: 44, rest: [6, 0, 0, 1, 0, 0, 0, 9] + Packets.ports),
            "[2001:db8::7]:49152"
        ),
    ])
    func `says who it is from and for`(kind: String, packet: [UInt8], source: String) throws {
        let logged = try #require(read(packet))
        #expect(logged.peer == source)
        #expect(logged.port?.description == "22/tcp")
        #expect(logged.prefix == "jitgate-used")
    }

    @Test(arguments: [
        ("nothing", []),
        ("another version", [0x50] + Packets.ipv4().dropFirst()),
        ("a short IPv4 header", [0x44] + Packets.ipv4().dropFirst()),
        ("half an IPv6 header", Array(Packets.ipv6().prefix(39))),
    ])
    func `is nobody's when it cannot be told`(kind: String, packet: [UInt8]) {
        #expect(read(packet) == nil)
    }

    @Test(arguments: [
        ("a later fragment", Packets.ipv4(fragment: 1)),
        ("another protocol", Packets.ipv4(kind: 1)),
        ("options that are not there", [0x4F] + Packets.ipv4().dropFirst()),
        ("half the ports", Packets.ipv4(payload: [0xC0, 0, 0])),
        ("an IPv6 packet without payload", Packets.ipv6(rest: [])),
        ("no next header", Packets.ipv6(next: 59)),
        (
            "a longer extension than there is",
            Packets.ipv6(next: 0, rest: [6, 255] + Packets.ports)
        ),
        (
            "a later IPv6 fragment",
            Packets.ipv6(next: 44, rest: [6, 0, 0, 8, 0, 0, 0, 9] + Packets.ports)
        ),
        ("extensions without end", Packets.ipv6(next: 0, rest: [UInt8](repeating: 0, count: 88))),
    ])
    func `says who sent it though its ports cannot be read`(kind: String, packet: [UInt8]) throws {
        let logged = try #require(read(packet))
        #expect(logged.peer == (packet[0] >> 4 == 4 ? "192.0.2.7" : "2001:db8::7"))
        #expect(logged.port == nil && logged.ports == nil)
    }

    @Test(arguments: [8, 208, 1400, 2048])
    func `says who it is from and for behind long headers`(length: Int) throws {
        let options = [6, UInt8(length / 8 - 1)] + [UInt8](repeating: 0, count: length - 2)
        let packet = Packets.ipv6(next: 60, rest: options + Packets.ports)
        #expect(packet.count <= Int(PacketLog.copiedBytes))
        #expect(try #require(read(packet)).peer == "[2001:db8::7]:49152")
    }

    @Test func `never reads beyond its end, wherever it is cut off`() throws {
        let extended = Packets.ipv6(
            next: 0,
            rest: [44, 0, 0, 0, 0, 0, 0, 0] + [6, 0, 0, 1, 0, 0, 0, 9] + Packets.ports
        )
        for whole in [Packets.ipv4(options: [7, 3, 4, 0]), extended] {
            for length in 0..<whole.count {
                #expect(read(Array(whole.prefix(length)))?.ports == nil)
            }
            let message = try #require(Packets.logged(whole)).bytes
            for length in 0..<message.count {
                for part in NetlinkMessage.all(in: Array(message.prefix(length))) {
                    _ = LoggedPacket(part)
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `takes any bytes`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let whole = try #require(Packets.logged(Packets.ipv6(next: 0))).bytes
        for _ in 0..<10_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            for message in NetlinkMessage.all(in: bytes) {
                _ = LoggedPacket(message)
                _ = LoggedPacket.number(of: message)
                _ = ConnectedSocket(message)
                _ = TrackedFlow(message)
            }
        }
    }

    @Test func `shows by its number how many were lost before it`() {
        var count = PacketCount()
        #expect([7, 8, 11, 12].map { count.take($0) } == [0, 0, 2, 0])
        var wrapping = PacketCount()
        #expect([UInt32.max - 1, 1, nil, 2].map { wrapping.take($0) } == [0, 2, 0, 0])
        #expect(wrapping.take(0) == 0)
    }

    @Test func `comes once a group was bound, its front only, and numbered`() {
        let requests = PacketLog.binding(to: 258)
        #expect(
            requests.map { Array($0.bytes.dropFirst(16)) } == [
                [0, 0, 1, 2, 5, 0, 1, 0, 1, 0, 0, 0],
                [
                    0, 0, 1, 2, 10, 0, 2, 0, 0, 0, 16, 0, 2, 0, 0, 0, 8, 0, 5, 0, 0, 0, 0, 1, 6, 0,
                    6, 0, 0, 1, 0, 0,
                ],
            ]
        )
    }
}
