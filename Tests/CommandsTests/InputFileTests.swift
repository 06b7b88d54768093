import CommandSupport
import Foundation
import TestSupport
import Testing

/// The built program, given what is no regular file.
@Suite struct `A file that a command is given` {
    private let bench: Bench
    private let audit: AuditBench

    init() throws {
        audit = try AuditBench()
        bench = audit.bench
        _ = bench.run("audit", "prove", "2", "--log", "@audit", "-o", "@p")
    }

    /// Runs a line of bash, in which `jitgate` is the built program, in the bench's directory.
    private func bash(_ line: String) throws -> Command.Result {
        let script = "jitgate() { \(AgentHost.build)jitgate \"$@\"; }; cd \"$1\"; \(line)"
        return try Command.run(
            ["timeout", "20", "bash", "-c", script, "bash", bench.directory.path],
            environment: ["JITGATE_CONFIG": bench.path("jitgate.toml"), "KEY": audit.key]
        )
    }

    @Test(arguments: [
        ("verify <(cat g.grant)", "ok  signature"), ("verify - < g.grant", "ok  signature"),
        ("verify /dev/stdin < g.grant", "ok  signature"),
        ("audit verify-proof <(cat p) --key \"$KEY\"", "verified: record 2 of 6"),
        (
            "audit verify --log audit --state state --since-checkpoint <(cat audit/checkpoint)",
            "verified: 6 records"
        ),
        ("policy show --config <(cat jitgate.toml)", "hostname = \"web-1\""),
    ])
    func `may be a pipe`(words: String, said: String) throws {
        let result = try bash("jitgate " + words)
        #expect(result.text.contains(said), "\(result)")
    }

    @Test(arguments: [
        "verify", "sign", "submit", "policy check", "policy import-azure",
        "audit verify-proof --key \"$KEY\"",
        "audit verify --log audit --state state --since-checkpoint",
    ])
    func `is refused with its name where it is a directory or has no end`(words: String) throws {
        for file in ["drop", "/dev/zero", "none"] {
            let result = try bash("jitgate \(words) \(file)")
            #expect(result.status == 66 && result.text.isEmpty, "\(file): \(result)")
            #expect(result.errors.contains("\(file): "), "\(result.errors)")
        }
    }

    @Test func `may be named from where one stands`() throws {
        let agent = AgentHost.build + "jitgated --check --config"
        #expect(try bash("\(agent) jitgate.toml").text == "jitgate.toml: ok\n")
        #expect(try bash("cd drop && \(agent) ./../jitgate.toml").text == "./../jitgate.toml: ok\n")
        let none = try bash("\(agent) none.toml").errors
        #expect(none == "jitgated: \(bench.path("none.toml")): does not exist\n")
        let doctor = try bash("chmod 666 jitgate.toml; jitgate doctor --config jitgate.toml").text
        #expect(doctor.contains("error    policy    \(bench.path("jitgate.toml")): may be written"))
    }

    @Test(arguments: [
        "request --host web-1 --port 22/tcp --source ::1 --for 1h --reason x --requestor d",
        "sign g.json --key \"$SIGNER\"", "audit prove 2 --log audit",
    ])
    func `and that it writes to stays what it is`(words: String) throws {
        let jitgate = "SIGNER=\(bench.approver.privateFile); jitgate \(words) -o"
        let plain = try bash("\(jitgate) plain && stat -c %F plain").text
        #expect(plain.hasSuffix("regular file\n"))
        let device = try bash("mknod null c 1 3 && \(jitgate) null && stat -c %F null").text
        #expect(device.hasSuffix("character special file\n"))
        let link = try bash("ln -s target link && \(jitgate) link && stat -c %F link target").text
        #expect(link.hasSuffix("symbolic link\nregular file\n"))
        let pipe = try bash(
            "mkfifo pipe && { timeout 5 cat pipe | wc -c & \(jitgate) pipe && wait; }; stat -c %F pipe"
        )
        #expect(pipe.text.hasSuffix("fifo\n") && !pipe.text.hasPrefix("0\n"))
        _ = try bash("{ echo before; \(jitgate) /dev/stdout; echo after; } >output")
        let output = String(decoding: try bench.read("output"), as: UTF8.self)
        #expect(output.hasPrefix("before\n") && output.hasSuffix("\nafter\n"))
        #expect(output.count > 100)
        #expect(try bash("\(jitgate) drop").status == 73)
    }
}
