import Grants
import Netlink
import Testing

@testable import Connections

@Suite struct `A tracked connection` {
    private func direction(_ type: UInt32, _ from: [UInt8], _ to: [UInt8]) -> [UInt8] {
        let addresses: [(UInt32, [UInt8])] = [(1, Array(from.prefix(4))), (2, Array(to.prefix(4)))]
        let ports: [(UInt32, [UInt8])] = [
            (1, [6]), (2, Array(from.suffix(2))), (3, Array(to.suffix(2))),
        ]
        return NetlinkRequest.nest(
            type,
            encoded: NetlinkRequest.nest(1, addresses) + NetlinkRequest.nest(2, ports)
        )
    }

    private func message(answeredFrom back: [UInt8], status: UInt32) throws -> NetlinkMessage {
        let (client, server): ([UInt8], [UInt8]) = (
            [192, 0, 2, 7, 0xC0, 0], [192, 0, 2, 1, 0, 22]
        )
        var request = NetlinkRequest(type: 0x100, flags: 0, sequence: 1, header: [2, 0, 0, 0])
        request.append(direction(1, client, server))
        request.append(direction(2, back, client))
        request.put(3, status.networkBytes)
        request.put(12, [1, 2, 3, 4])
        return try #require(NetlinkMessage.all(in: request.bytes).first)
    }

    @Test func `says who talks to whom, and whether that was rewritten`() throws {
        let plain = try #require(
            TrackedFlow(message(answeredFrom: [192, 0, 2, 1, 0, 22], status: 0xE))
        )
        #expect(plain.original.source.description == "192.0.2.7:49152")
        #expect(plain.original.destination.description == "192.0.2.1:22")
        #expect(plain.isPlain && !plain.isDestinationRewritten)
        let rewritten = try #require(
            TrackedFlow(message(answeredFrom: [10, 0, 0, 2, 8, 174], status: 0x2E))
        )
        #expect(rewritten.reply.source.description == "10.0.0.2:2222")
        #expect(!rewritten.isPlain && rewritten.isDestinationRewritten)
    }

    @Test func `is deleted by its name and number, and nothing else with it`() throws {
        let message = try message(answeredFrom: [192, 0, 2, 1, 0, 22], status: 0)
        let flow = try #require(TrackedFlow(message))
        let deletion = try #require(
            NetlinkMessage.all(in: flow.deletion(sequence: 9).bytes).first
        )
        #expect(deletion.type == 0x102)
        let named = deletion.attributes(after: 4)
        #expect(named.map(\.type) == [1, 12])
        #expect(named[0].payload == message.attributes(after: 4)[0].payload)
        #expect(named[1].payload == [1, 2, 3, 4])
    }

    @Test func `is none when a message lacks a direction`() throws {
        let whole = try message(answeredFrom: [192, 0, 2, 1, 0, 22], status: 0)
        for length in 0..<whole.bytes.count {
            var bytes = Array(whole.bytes.prefix(length))
            guard bytes.count >= 16 else { continue }
            bytes.replaceSubrange(0..<4, with: UInt32(length).nativeBytes)
            for part in NetlinkMessage.all(in: bytes) where length < 108 {
                #expect(TrackedFlow(part) == nil)
            }
        }
    }
}

@Suite struct `A connected socket` {
    @Test func `is asked for by its local port, without those that listen`() throws {
        let port = try Port(parsing: "22/tcp")
        let bytes = ConnectedSocket.dump(of: port, family: 2, sequence: 7).bytes
        #expect(bytes.count == 72)
        #expect(
            Array(bytes[16..<24]) == [2, 6, 0, 0] + (~UInt32(1 << 10 | 1 << 7 | 1 << 6)).nativeBytes
        )
        #expect(Array(bytes[24..<28]) == [0, 22, 0, 0])
        #expect(bytes.dropFirst(28).allSatisfy { $0 == 0 })
    }

    @Test func `is destroyed by its whole identity`() throws {
        let identity = [UInt8]([0, 22, 0xC0, 0] + (1...44))
        let told = [10, 1, 0, 0] + identity + [UInt8](repeating: 0, count: 20)
        let request = NetlinkRequest(type: 20, flags: 0, sequence: 1, header: told)
        let message = try #require(NetlinkMessage.all(in: request.bytes).first)
        let socket = try #require(ConnectedSocket(message))
        #expect(socket.peer.port == 49152)
        let destruction = socket.destruction(.tcp, sequence: 3).bytes
        #expect(Array(destruction[16..<18]) == [10, 6])
        #expect(Array(destruction[24...]) == identity)
    }

    @Test func `with an IPv4 peer in IPv6 clothes is one of IPv4`() throws {
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, 7]
        let identity = [0, 22, 0xC0, 0] + mapped + mapped + [UInt8](repeating: 0, count: 12)
        let told = [10, 1, 0, 0] + identity + [UInt8](repeating: 0, count: 20)
        let request = NetlinkRequest(type: 20, flags: 0, sequence: 1, header: told)
        let message = try #require(NetlinkMessage.all(in: request.bytes).first)
        #expect(ConnectedSocket(message)?.peer.description == "192.0.2.7:49152")
    }

    @Test func `belongs to a closed network at the cost of a look-up a prefix length`() throws {
        let closed = ClosedSources(
            try ["192.0.2.0/29", "198.51.100.0/24", "2001:db8::/64"].map { try Prefix(parsing: $0) }
        )
        let addresses = ["192.0.2.7", "192.0.2.8", "198.51.100.200", "2001:db8::7", "2001:db9::7"]
        let inside = try addresses.map { closed.contains(try Address(parsing: $0)) }
        #expect(inside == [true, false, true, true, false])
        #expect(closed.families == [.ipv4, .ipv6])
    }
}
