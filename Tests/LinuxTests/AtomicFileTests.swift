import Linux
import SystemPackage
import TestSupport
import Testing

@Suite struct `An atomic file` {
    @Test func `takes the place of another, with its own mode, and leaves nothing beside it`()
        throws
    {
        let folder = try TemporaryDirectory(in: "/tmp")
        let path = folder.path + "/a"
        try AtomicFile.replace(path, with: Array("old and longer".utf8), mode: 0o644)
        try AtomicFile.replace(path, with: Array("new".utf8), mode: 0o600)
        #expect(try SmallFile.read(path, limit: 100) == Array("new".utf8))
        #expect(try Command.run(["stat", "-c", "%a", path]).text == "600\n")
        #expect(try Command.run(["ls", "-A", folder.path]).text == "a\n")
    }

    @Test func `changes nothing where it cannot be made`() throws {
        let folder = try TemporaryDirectory(in: "/tmp")
        let path = folder.path + "/a"
        _ = try Command.run(["mkdir", "-p", path + "/b"])
        #expect(throws: Errno.isDirectory) {
            try AtomicFile.replace(path, with: [1], mode: 0o600)
        }
        #expect(throws: Errno.noSuchFileOrDirectory) {
            try AtomicFile.replace(folder.path + "/none/a", with: [1], mode: 0o600)
        }
        #expect(try Command.run(["ls", "-A", folder.path]).text == "a\n")
    }
}
