import Admission
import AgentSettings
import TestSupport
import Testing

@Suite struct `A hostile policy file` {
    static let bombs: [String] = [
        String(repeating: "a.", count: 100_000) + "a = 1",
        String(repeating: "a.", count: 100_000) + "a = 1 1",
        "[" + String(repeating: "a.", count: 100_000) + "a] 1",
        "[[" + String(repeating: "\"a\" . ", count: 30_000) + "a]]",
        "x = { " + String(repeating: "a.", count: 100_000) + "a = 1 }",
        "\u{FEFF}x = " + String(repeating: "[", count: 200_000),
        "x = " + String(repeating: "{a=", count: 80_000),
        "x = " + String(repeating: "[{a=", count: 60_000),
        "x 1\n" + String(repeating: "a.", count: 100_000) + "a = 1 1",
        "x = \"\"\"\n\\\"\"\"\"\"\"\n" + String(repeating: "a.", count: 100_000) + "a = 1 1",
        String(repeating: "# padding\n", count: 27_000),
    ]

    @Test(arguments: bombs.indices)
    func `is refused however deep or large it is`(bomb: Int) {
        #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: Self.bombs[bomb], file: "bomb")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `is told of a hundred mistakes at most`() {
        let text = (0..<15_000).map { "trusted\($0) = 1\n" }.joined()
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: text, file: "policy")
        }
        #expect(error?.problems.count == 100)
    }

    @Test(arguments: UInt64(0)..<64)
    func `of mutated bytes is read or refused but never crashes`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for vector in PolicyVector.all {
            let bytes = generator.mutated(try vector.bytes())
            do throws(ConfigurationError) {
                let configuration = try Configuration(parsing: bytes, file: "mutant")
                #expect(!configuration.policy.ports.isEmpty)
            } catch {
                #expect(!error.problems.isEmpty)
            }
        }
    }
}
