import Foundation
import Linux
import TestSupport
import Testing

@Suite struct `A trusted file` {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory(in: "/run")
        for directory in ["real", "real/inner"] {
            let path = folder.path + "/" + directory
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
        }
        try AtomicFile.replace(folder.path + "/real/inner/file", with: [1, 2], mode: 0o600)
        for (link, target) in [("link", "real"), ("real/inner/alias", "file")] {
            try FileManager.default.createSymbolicLink(
                atPath: folder.path + "/" + link,
                withDestinationPath: target
            )
        }
    }

    private func code(_ path: String) -> TrustError.Code? {
        var scan = TrustedFile()
        do throws(TrustError) {
            _ = try scan.read(folder.path + path, limit: 10)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: ["/real/inner/file", "//real/./inner//file", "/real/inner/../inner/file"])
    func `is read by a path without links`(path: String) {
        #expect(code(path) == nil)
    }

    @Test(arguments: ["/link/inner/file", "/real/inner/alias", "/real/../link/inner/file"])
    func `is not read through a link, wherever in the path it is`(path: String) {
        #expect(code(path) == .symbolicLink)
    }

    @Test func `lies in directories that are no links either`() throws {
        var scan = TrustedFile()
        try scan.check(directory: folder.path + "/real/inner/")
        let error = #expect(throws: TrustError.self) {
            try scan.check(directory: folder.path + "/link")
        }
        #expect(error?.code == .symbolicLink)
    }

    @Test func `is missing, or no file, by what its path says`() {
        #expect(code("/real/nothing") == .missing)
        #expect(code("/real/nothing/file") == .missing)
        #expect(code("/real/inner") == .notAFile)
        #expect(code("/real/inner/file/more") == .missing)
        #expect(code("/" + String(repeating: "x", count: 256)) == .unreadable)
    }
}
