import Glibc
import Linux
import SystemPackage
import TestSupport
import Testing

@Suite struct `A Unix socket` {
    @Test func `is for its owner and the group alone`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/s"
        let listener = try UnixListener(path: path, group: 990)
        #expect(try Command.run(["stat", "-c", "%a %g %F", path]).text == "660 990 socket\n")
        try listener.unlink()
        #expect(try Command.run(["ls", "-A", folder.path]).text.isEmpty)
        _ = try UnixListener(path: path, group: nil)
        #expect(try Command.run(["stat", "-c", "%a", path]).text == "600\n")
    }

    @Test func `replaces one that was left behind, and nothing else`() throws {
        let folder = try TemporaryDirectory()
        let path = folder.path + "/s"
        let first = try UnixListener(path: path, group: nil)
        let second = try UnixListener(path: path, group: nil)
        // What the first one made is gone, so it must not take the second one's away.
        try first.unlink()
        _ = try UnixConnection.connecting(to: path)
        #expect(try second.accept() != nil)
        try AtomicFile.replace(folder.path + "/file", with: [1], mode: 0o600)
        #expect(throws: Errno.fileExists) {
            try UnixListener(path: folder.path + "/file", group: nil)
        }
        #expect(try SmallFile.read(folder.path + "/file", limit: 10) == [1])
    }

    @Test func `tells who is at the other end`() throws {
        let folder = try TemporaryDirectory()
        let listener = try UnixListener(path: folder.path + "/s", group: nil)
        #expect(try listener.accept() == nil)
        let client = try UnixConnection.connecting(to: folder.path + "/s")
        let server = try #require(try listener.accept())
        #expect(server.peer.processID == getpid())
        #expect(server.peer.userID == geteuid())
        #expect(server.peer.isMember(ofGroup: getegid()))
        #expect(try client.write([1, 2, 3]) == 3)
        #expect(try server.waitToRead(milliseconds: 10_000))
        #expect(try server.read(10) == [1, 2, 3])
        #expect(throws: Errno.wouldBlock) { try server.read(10) }
        try client.endWriting()
        #expect(try server.read(10).isEmpty)
    }

    @Test(arguments: [0, 108, 200])
    func `has a path that fits`(length: Int) {
        #expect(throws: Errno.fileNameTooLong) {
            try UnixConnection.connecting(to: String(repeating: "x", count: length))
        }
    }
}
