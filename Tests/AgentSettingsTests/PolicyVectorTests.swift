import AgentSettings
import StrictTOML
import Testing

@Suite struct `A policy file` {
    @Test func `comes with at least eighty vectors`() {
        #expect(PolicyVector.all.count > 79)
    }

    @Test(arguments: PolicyVector.all)
    func `is accepted or refused where its vector says`(vector: PolicyVector) throws {
        let bytes = try vector.bytes()
        let found: [String]
        do throws(ConfigurationError) {
            _ = try Configuration(parsing: bytes, file: vector.name)
            found = ["accepted"]
        } catch {
            found = error.problems.map { "\($0.line):\($0.column) \($0.key ?? "-")" }
        }
        #expect(found == (try vector.expected()))
    }

    @Test(arguments: PolicyVector.all)
    func `is refused in one printable line a problem`(vector: PolicyVector) throws {
        let bytes = try vector.bytes()
        do throws(ConfigurationError) {
            _ = try Configuration(parsing: bytes, file: vector.name)
        } catch {
            let lines = error.description.split(separator: "\n")
            #expect(lines.count == error.problems.count)
            #expect(lines.allSatisfy { $0.hasPrefix("\(vector.name):") && !$0.hasSuffix(".") })
            #expect(!error.description.unicodeScalars.contains { $0.value < 32 && $0 != "\n" })
        }
    }

    @Test func `is refused with the key, the reason and the remedy`() {
        let text = "mode = \"enforce\"\n[defaults]\nmax_duration = \"3x\"\n"
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: text, file: "/etc/jitgate/jitgate.toml")
        }
        #expect(
            error?.description == """
                /etc/jitgate/jitgate.toml:3:1: `defaults.max_duration` is no duration; \
                `3x` is not a length of time such as 2h, 90m or 1h30m
                """
        )
    }

    @Test func `suggests the key that was meant`() {
        let error = #expect(throws: ConfigurationError.self) {
            try Configuration(parsing: "trusetd = []\n", file: "policy")
        }
        #expect(error?.problems.first?.remedy == "did you mean `trusted`?")
    }
}
