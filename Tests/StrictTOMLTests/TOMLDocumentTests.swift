import Testing

@testable import StrictTOML

@Suite struct `A TOML document` {
    @Test(arguments: [
        ("[a]\nb = 1", "a.b", 2, 1),
        ("a.b = 1\n a.c = 2", "a.c", 2, 4),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\n  c = 2", "a[1].b.c", 6, 3),
        ("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1", "a[0].b[1].c", 4, 1),
        ("a = [ 1, [2,\n 3]]", "a[1][1]", 2, 2),
        ("a = { b = { c = 1 } }", "a.b.c", 1, 13),
        ("a = \"\"\"\nb = 1\n\"\"\"\"\"\nc = 1", "c", 4, 1),
        ("a = '''\\'''\nb = 1", "b", 2, 1),
        ("a = \"\\\"\" # \"\nb = 1", "b", 2, 1),
        ("a = '\"'\nb = 1", "b", 2, 1),
        ("\"é\" = 1\n\"😀.y\".z = 2", "\"😀.y\".z", 2, 7),
    ])
    func `knows line and column`(text: String, path: String, line: Int, column: Int) throws {
        let document = try TOMLDocument(Array(text.utf8))
        let found = document.paths.filter { $0.description == path }
        #expect(found.map(document.position(of:)) == [TOMLPosition(line: line, column: column)])
    }

    @Test func `takes the nearest place around a key that it does not have`() throws {
        let document = try TOMLDocument(Array("\n[a]\nb = 1".utf8))
        #expect(
            document.position(of: TOMLPath()["a"]["c"]["d"]) == TOMLPosition(line: 2, column: 2)
        )
    }

    @Test(arguments: [
        ("a = 'C:\\x'", "C:\\x"),
        ("a = \"\\u00E9\\t\\\"\\\\\\U0001F600\"", "é\t\"\\😀"),
        ("a = \"\"\"\nb\n c\"\"\"", "b\n c"),
        ("a = \"\"\"\r\nb\r\nc\"\"\"", "b\nc"),
        ("a = \"\"\"b \\\n\n   c\"\"\"", "b c"),
        ("a = \"\"\"\"\"\"", ""),
        ("a = \"\"\"\"b\"\"\"\"\"", "\"b\"\""),
        ("a = '''b''\\n'''", "b''\\n"),
        ("a = ''", ""),
    ])
    func `reads strings of every kind`(text: String, value: String) throws {
        #expect(try TOMLDocument(Array(text.utf8)).root == ["a": .string(value)])
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("+17", 17), ("1_000", 1000), ("0xDead_beef", 0xDEAD_BEEF),
        ("0o17", 15), ("0b101", 5), ("-9223372036854775808", Int.min),
    ])
    func `reads integers of every kind`(text: String, value: Int) throws {
        let document = try TOMLDocument(Array("a = \(text)".utf8))
        #expect(document.root == ["a": .integer(value)])
    }

    @Test(arguments: [
        "1.5", "1e3", "-inf", "nan", "1979-05-27", "1979-05-27 07:32:00.5Z", "07:32:00", "007",
        "1__0", "9223372036854775808", "1979-05-27T07:32:00-08:00",
    ])
    func `recognises what no setting is`(text: String) throws {
        let document = try TOMLDocument(Array("a = [\(text), \(text)] # b".utf8))
        guard case .array(let elements) = document.root["a"] else {
            Issue.record("not an array")
            return
        }
        #expect(elements.count == 2)
        #expect(elements.allSatisfy { if case .other = $0 { true } else { false } })
    }

    @Test func `keeps the tables of nested arrays apart`() throws {
        let text = "[[a]]\nb.c = 1\n[[a.d]]\n[[a]]\n[a.b]\nc = 2\n[a.b.e]"
        let first: TOMLValue = .table([
            "b": .table(["c": .integer(1)]), "d": .array([.table([:])]),
        ])
        let second: TOMLValue = .table(["b": .table(["c": .integer(2), "e": .table([:])])])
        let document = try TOMLDocument(Array(text.utf8))
        #expect(document.root == ["a": .array([first, second])])
    }

    @Test(arguments: [
        "a = 1\na = 2", "[a]\n[a]", "a.b = 1\n[a]", "[a]\nb.c = 1\n[a.b]", "[a.b.c]\n[a]\nb.d = 1",
        "a = 1\n[a]", "a = {}\n[a.b]", "a = {}\na.b = 1", "a = []\n[[a]]", "[a]\n[[a]]",
        "[[a]]\n[a]", "[a.b]\n[[a]]", "a = [{}]\n[a.b]", "a = { b = 1, b = 2 }", "a.b = 1\na = 2",
        "a = { b.c = 1, b = 2 }", "[[a.b]]\n[a]\nb.c = 1",
    ])
    func `defines nothing twice`(text: String) throws {
        let error = #expect(throws: TOMLProblem.self) {
            try TOMLDocument(Array(text.utf8))
        }
        #expect(error?.description.contains("has defined") == true)
    }

    @Test(arguments: [
        "a", "a =", "= 1", "a = ,", "a = [1 2]", "a = [,]", "a = [1,,2]", "a = {,}", "a = {b=1,}",
        "a = {b=1\n}", "a = 1 b = 2", "[a", "[a] b", "[]", "[a.]", "[[a]", "a..b = 1", ".a = 1",
        "a = \"b", "a = \"\\x\"", "a = \"\\u12\"", "a = \"\\uD800\"", "a = '''", "a = \"b\nc\"",
        "\"\"\"a\"\"\" = 1", "a = tru", "a = observe", "a = 1 2", "a = {", "a = [", "[,", "[ \\",
        "a = True", "a b = 1", "a = {b}", "[a]]", "é = 1",
    ])
    func `refuses what is no TOML`(text: String) {
        #expect(throws: TOMLProblem.self) {
            try TOMLDocument(Array(text.utf8))
        }
    }
}
