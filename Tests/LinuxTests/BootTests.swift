import Foundation
import TestSupport
import Testing

@testable import Linux

@Suite struct `The ID of the boot` {
    @Test func `is the kernel's, which a random UUID is`() throws {
        let path = "/proc/sys/kernel/random/boot_id"
        let id = try HostFacts.bootID(path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.filter(\.isHexDigit) == id)
        #expect(Array(id)[12] == "4")
    }

    @Test func `is marked if it is a container's own, whose clock began before it`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/boot_id"
        try Data("207aa09f-c78d-4fad-8d29-fc03fafd10ee\n".utf8).write(
            to: URL(fileURLWithPath: path)
        )
        #expect(try HostFacts.bootID(path) == "207aa09fc78d8fad8d29fc03fafd10ee")
    }
}
