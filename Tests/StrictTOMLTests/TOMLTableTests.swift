import StrictJSON
import Testing

@testable import StrictTOML

@Suite struct `A TOML table` {
    @Test func `reads values, lists and the tables in it`() throws {
        let (root, findings) = try table("a = 1\nb = ['x', 'y']\n[c]\nd = true\n[[e]]\n[[e]]")
        #expect(root.value("a", number) == 1)
        #expect(
            root.list("b") { value throws(TOMLValue.Refusal) in try value.string() } == ["x", "y"]
        )
        #expect(root.table("c").flag("d") == true)
        #expect(root.tables("e")?.map(\.path.description) == ["e[0]", "e[1]"])
        #expect(root.value("none", number) == nil)
        #expect(root.tables("none") == nil)
        #expect(findings.problems.isEmpty)
    }

    @Test func `says where a value is not what its key asks for`() throws {
        let (root, findings) = try table("a = 'x'\nb = [1, 'y', 300]\nc = 1\n[d]")
        #expect(root.value("a", number) == nil)
        #expect(root.list("b", number) == nil)
        #expect(root.list("b", atMost: 2, number) == nil)
        #expect(root.table("c").path.description == "c")
        #expect(root.tables("d") == nil)
        #expect(
            findings.problems.map(\.description) == [
                "1:1: `a` is a string; an integer from 0 to 255 belongs here",
                "2:9: `b[1]` is a string; an integer from 0 to 255 belongs here",
                "2:14: `b[2]` is 300; an integer from 0 to 255 belongs here",
                "2:1: `b` has 3 elements; at most 2 fit here",
                "3:1: `c` is an integer; a table belongs here",
                "4:2: `d` is a table; write [[d]], as there may be several",
            ]
        )
    }

    @Test func `guesses the key that was meant`() throws {
        let (root, findings) = try table("mod = 1\nothers = 2")
        root.refuseAllBut(["mode", "port"])
        #expect(
            findings.problems.map(\.remedy) == ["did you mean `mode`?", "known here: mode, port"]
        )
    }

    @Test func `of a hostile file is refused a hundred times at most`() throws {
        let (root, findings) = try table((0..<1000).map { "k\($0) = 0\n" }.joined())
        root.refuseAllBut([])
        #expect(findings.problems.count == TOMLFindings.limit)
    }

    @Test func `written from JSON reads back as the same`() throws {
        let json: JSONValue = [
            "a": .string("\u{1B}[2J\"\\é"), "b": .array([.integer(1), .integer(-2)]),
            "c": ["d": .bool(false)], "e": .array([["f": .integer(1)], ["f": .integer(2)]]),
        ]
        let document = try TOMLDocument(Array(TOMLWriter(document: json).text.utf8))
        #expect(
            document.root == [
                "a": .string("\u{1B}[2J\"\\é"), "b": .array([.integer(1), .integer(-2)]),
                "c": .table(["d": .boolean(false)]),
                "e": .array([.table(["f": .integer(1)]), .table(["f": .integer(2)])]),
            ]
        )
    }

    private func table(_ text: String) throws -> (TOMLTable, TOMLFindings) {
        let document = try TOMLDocument(Array(text.utf8))
        let findings = TOMLFindings(document: document)
        return (TOMLTable(document.root, at: TOMLPath(), findings: findings), findings)
    }

    private func number(_ value: TOMLValue) throws(TOMLValue.Refusal) -> Int {
        try value.integer(in: 0...255)
    }
}
