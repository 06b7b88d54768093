import Signatures
import TestSupport
import Testing

@Suite struct `A pattern list` {
    @Test(
        arguments: [
            ("dana", "dana", true), ("dana", "Dana", false), ("d*", "dana", true),
            ("d?na", "dana", true), ("d?na", "dna", false), ("*", "", true), ("?", "", false),
            ("a,b,c", "b", true), ("*,!dana", "dana", false), ("!dana,*", "dana", false),
            ("*,!dana", "erin", true), ("!dana", "erin", false), ("!!dana,*", "dana", true),
            ("!!dana,*", "!dana", false), ("*a*b*c*", "xxaybzc", true), ("***", "x", true),
            ("?", "é", false), ("??", "é", true), ("a b", "a b", true),
        ]
    )
    func `matches as OpenSSH's does`(list: String, name: String, isMatch: Bool) throws {
        #expect(try PatternList(parsing: list).matches(name) == isMatch)
        guard !name.isEmpty else { return }
        let key = try SSHKey()
        let witness = try PublicTool.matches(
            name,
            principals: "\"\(list)\"",
            key: try key.publicLine
        )
        #expect(witness == isMatch)
    }

    @Test(arguments: 0..<UInt64(40))
    func `of random patterns matches as OpenSSH's does`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let symbols = Array("aab*?")
        let word = { (length: Int, alphabet: ArraySlice<Character>) in
            String((0..<length).map { _ in alphabet.randomElement(using: &random) ?? "a" })
        }
        let list = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            (Bool.random(using: &random) ? "" : "!") + word(3, symbols[...])
        }
        .joined(separator: ",")
        let name = word(4, symbols[..<3])
        let key = try SSHKey()
        let witness = try PublicTool.matches(name, principals: list, key: try key.publicLine)
        #expect(try PatternList(parsing: list).matches(name) == witness, "\(list) and \(name)")
    }

    @Test(arguments: ["", ",", "a,", ",a", "a,,b", "!", "a,!", String(repeating: "a", count: 1024)])
    func `with an empty or an overlong part is refused`(list: String) {
        #expect(throws: (any Error).self) { try PatternList(parsing: list) }
    }

    @Test func `takes no longer for a hostile pattern`() throws {
        let pattern = String(repeating: "*a", count: 500) + "b"
        let name = String(repeating: "a", count: 1_000)
        let list = try PatternList(parsing: pattern)
        let time = ContinuousClock().measure { #expect(!list.matches(name)) }
        #expect(time < .seconds(5))
    }
}
