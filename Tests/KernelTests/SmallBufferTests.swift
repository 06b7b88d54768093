import Enforcement
import Glibc
import Grants
import Netfilter
import TestSupport
import Testing

@Suite struct `A socket that takes no large transaction` {
    /// Limits the buffers to net.core.wmem_max, as in a user namespace.
    private func shrink(_ scene: GateScene) throws {
        let descriptor = try scene.gate.call { $0.table.ownerDescriptor }
        var size: Int32 = 32_768
        let length = socklen_t(MemoryLayout<Int32>.size)
        unsafe #expect(setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, length) == 0)
    }

    private func openings(_ count: Int) throws -> [Opening: Duration] {
        var wanted: [Opening: Duration] = [:]
        for number in 0..<count {
            let opening = try opening("10.1.\(number / 256).\(number % 256)")
            wanted[opening] = .seconds(600)
        }
        return wanted
    }

    @Test func `holds, opens and closes as many all the same`() throws {
        let scene = try GateScene()
        try shrink(scene)
        let wanted = try openings(2000)
        try scene.gate.install(shape(), open: wanted)
        #expect(try scene.listing.split(separator: " . tcp . 22").count > 2000)
        let longer = wanted.mapValues { _ in Duration.seconds(900) as Duration? }
        try scene.gate.call { try $0.commit(longer) }
        try scene.gate.call { try $0.commit(wanted.mapValues { _ in nil }) }
        #expect(try !scene.listing.contains("10.1."))
    }
}
