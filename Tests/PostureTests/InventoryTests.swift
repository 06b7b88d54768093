import Depot
import Testing
import Transparency

@testable import Posture

struct InventoryTests {
    private func read(_ text: String) throws -> Inventory {
        try Inventory(parsing: Array(text.utf8))
    }

    private func key(_ name: String) throws -> String {
        try AuditKey(name: name, seed: Array(repeating: 7, count: 32)).publicKey.description
    }

    @Test func `a line is a host, its key and its group`() throws {
        let key = try key("jitgate/web-1/3f0c")
        let inventory = try read(
            "# hosts\n\nweb-1  \(key) group=web\r\n\tdb-1.example.com -\nold retired\n"
        )
        #expect(inventory.entries.map(\.host.description) == ["web-1", "db-1.example.com", "old"])
        #expect(inventory.entries.map(\.group) == ["web", "", ""])
        #expect(inventory.entries[0].kind == .keyed(try VerifierKey(parsing: key)))
        #expect(inventory.entries[1].kind == .unconfigured)
        #expect(inventory.entries[2].kind == .retired)
        #expect(try read("").entries.isEmpty)
    }

    @Test(arguments: [
        ("web-1", "a line is: HOST"), ("Web-1 -", "lower case"), ("../x -", "no two dots"),
        ("a -\na retired", "line 2: a is there a second time"), ("a key", "the key: "),
        ("a - web", "is not group="), ("a - group=", "is not group="),
        ("a - group=x y", "a line is"), ("a unsupported=", "and the code of a condition"),
        ("a unsupported=No", "and the code of a condition"),
    ])
    func `a malformed line refuses the whole file`(text: String, message: String) {
        let error = #expect(throws: InventoryError.self) { try read("ok -\n" + text) }
        let expected = message.replacing("line 2", with: "line 3")
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }
}
