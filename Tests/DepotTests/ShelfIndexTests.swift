import TestSupport
import Testing

@testable import Depot

struct ShelfIndexTests {
    @Test(arguments: DepotVector.all)
    func `an index is read, or refused as a whole with the line`(vector: DepotVector) {
        let said: String
        do throws(IndexError) {
            said = "digests \(try ShelfIndex(parsing: vector.bytes).digests.count)"
        } catch {
            said = "\(error.line) \(error.reason)"
            #expect(!error.description.isEmpty)
        }
        #expect(said == vector.expected)
    }

    @Test func `there are vectors`() {
        #expect(DepotVector.all.count >= 35)
    }

    @Test func `an index has at most 1 MiB, however many names fit`() throws {
        let line = Array((String(repeating: "a", count: 64) + "  a.grant\n").utf8)
        let fits = ShelfIndex.limit / line.count
        let full = [UInt8](Array(repeating: line, count: fits).joined())
        #expect(try ShelfIndex(parsing: full).digests.count == 1)
        let error = #expect(throws: IndexError.self) { try ShelfIndex(parsing: full + line) }
        #expect(error?.reason == .tooLong)
    }

    @Test func `what an index holds, it holds in the order of its lines`() throws {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            let digests = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                ObjectDigest.random(&random)
            }
            let text = digests.map {
                "\($0)  \(UInt32.random(in: 0 ... .max, using: &random)).grant\n"
            }
            let index = try ShelfIndex(parsing: Array(text.joined().utf8))
            #expect(index.digests == digests)
        }
    }

    @Test(arguments: [
        "all", "web-1", "web-1.example.com", "0", "role_db",
        String(repeating: "a", count: 253),
    ])
    func `a shelf has the name of a host or a role`(name: String) {
        #expect(ShelfName(name)?.description == name)
    }

    @Test(arguments: [
        "", "Web-1", ".", "..", "a..b", "-a", ".a", "a/b", "a b", "a,b", "a?b", "%2e", "ä", "a\n",
        "a\u{301}", String(repeating: "a", count: 254),
    ])
    func `a shelf has no name that means something in a path`(name: String) {
        #expect(ShelfName(name) == nil)
    }

    @Test func `objects lie where the protocol says`() throws {
        let (all, own) = (try #require(ShelfName("all")), try #require(ShelfName("web-1")))
        let digest = try #require(ObjectDigest(String(repeating: "a", count: 64)))
        #expect(DepotObject.index(all).path == "shelves/all/index")
        #expect(DepotObject.indexes([all, own]).path == "shelves?names=all,web-1")
        #expect(DepotObject.file(digest).path == "files/\(digest).grant")
        #expect(ObjectDigest(fileName: digest.fileName) == digest)
        #expect(ObjectDigest(fileName: "bulletin") == nil)
        #expect(ObjectDigest(fileName: digest.description.uppercased() + ".grant") == nil)
    }
}

extension ObjectDigest {
    /// A digest of nothing in particular.
    static func random(_ random: inout SeededGenerator) -> ObjectDigest {
        let digits = (0..<64).map { _ in "0123456789abcdef".randomElement(using: &random) ?? "0" }
        guard let digest = ObjectDigest(String(digits)) else { preconditionFailure("64 digits") }
        return digest
    }
}
