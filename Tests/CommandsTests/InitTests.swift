import CommandSupport
import Commands
import Grants
import TestSupport
import Testing

@Suite struct `The first steps on a host` {
    private let bench: Bench

    init() throws {
        bench = try Bench()
        _ = try Command.run(["mkdir", "-p", bench.path(".ssh")])
    }

    private var signers: String {
        get throws { String(decoding: try bench.read("allowed_signers"), as: UTF8.self) }
    }

    @Test func `add a signer with the key of a login`() throws {
        let key = try SSHKey().publicLine
        try bench.write(
            #"restrict,command="a b" \#(key) dana@laptop"#,
            to: ".ssh/authorized_keys"
        )
        let added = bench.run("init", "dana")
        #expect(added.status == .done, "\(added.errors)")
        #expect(added.output.contains("dana may sign with ssh-ed25519"))
        let line = try #require(try signers.split(separator: "\n").last)
        #expect(line.hasPrefix(#"dana namespaces="jitgate-grant,"#))
        #expect(line.hasSuffix("\(key) dana@laptop"))
    }

    @Test func `change nothing the second time`() throws {
        try bench.write(SSHKey().publicLine + "\n", to: "dana.pub")
        #expect(bench.run("init", "dana", "--key", "@dana.pub").status == .done)
        let before = try signers
        let again = bench.run("init", "dana", "--key", "@dana.pub", "--json")
        #expect(again.status == .done)
        #expect(again.output.contains(#""signer_added": false"#))
        #expect(again.output.contains(#""policy_written": false"#))
        #expect(try signers == before)
    }

    @Test func `ask which of several keys it is, and say which where nobody answers`() throws {
        let keys = [try SSHKey().publicLine, try SSHKey(type: "ecdsa").publicLine]
        let text = keys.joined(separator: "\n") + "\n"
        try bench.write("# mine\n" + text, to: ".ssh/authorized_keys")
        let silent = bench.run("init", "dana")
        #expect(silent.status == .usage)
        #expect(silent.errors.contains("2  ecdsa-sha2-nistp256"))
        var world = Bench.World()
        world.answers = ["2"]
        let outcome = bench.run(words: ["init", "dana"], in: world)
        #expect(outcome.status == .done, "\(outcome.errors)")
        #expect(try signers.contains(keys[1]))
        #expect(try !signers.contains(keys[0]))
    }

    @Test func `need a key that can sign`() throws {
        let none = bench.run("init", "dana")
        #expect(none.status == .noInput)
        #expect(none.errors.contains("there is no public key that can sign"))
        try bench.write("ssh-dss AAAAB3NzaC1kc3MAAACB old\nno key\n", to: "bad.pub")
        #expect(bench.run("init", "dana", "--key", "@bad.pub").status == .noInput)
        #expect(bench.run("init", "da na", "--key", "@bad.pub").status == .usage)
    }

    @Test func `leave a broken file of signers alone`() throws {
        try bench.write(SSHKey().publicLine + "\n", to: "dana.pub")
        try bench.write("dana ssh-ed25519 broken\n", to: "allowed_signers")
        let outcome = bench.run("init", "dana", "--key", "@dana.pub")
        #expect(outcome.status == .configuration)
        #expect(outcome.errors.contains("line 1"))
        #expect(try signers == "dana ssh-ed25519 broken\n")
    }

    @Test func `add a signer to a file without a line feed at its end`() throws {
        try bench.write("# nobody yet", to: "allowed_signers")
        try bench.write(SSHKey().publicLine, to: "dana.pub")
        #expect(bench.run("init", "dana", "--key", "@dana.pub").status == .done)
        #expect(try signers.hasPrefix("# nobody yet\ndana namespaces="))
    }
}
