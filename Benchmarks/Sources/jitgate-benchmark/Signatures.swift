import CBenchmark
import Foundation

/// Verifies a grant's signature of each kind, in the agent's way, and by ssh-keygen beside it.
enum Signatures {
    private static let rounds = 40
    private static let payload = Array(
        #"""
        {"jitgate": "grant/1", "id": "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11", "hosts": ["web-1"], "requestor": "dana", "justification": "INC-4211",
         "sources": ["203.0.113.7/32"], "ports": ["22/tcp"], "expires": "2036-12-01T12:00:00Z", "duration": "2h"}

        """#.utf8
    )
    /// The kinds of keys that ssh-keygen makes.
    private static let plain: [(name: String, options: [String])] = [
        ("ed25519", ["-t", "ed25519"]), ("ecdsa-256", ["-t", "ecdsa", "-b", "256"]),
        ("ecdsa-384", ["-t", "ecdsa", "-b", "384"]), ("ecdsa-521", ["-t", "ecdsa", "-b", "521"]),
        ("rsa-3072", ["-t", "rsa", "-b", "3072"]),
    ]
    private static let tokens: [(name: String, kind: SoftwareToken.Kind)] = [
        ("sk-ed25519", .ed25519), ("sk-ecdsa", .ecdsa), ("webauthn", .passkey),
    ]

    static func run(_ scene: Scene) throws {
        let folder = scene.folder + "/signatures"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        try scene.write(String(decoding: payload, as: UTF8.self), to: folder + "/payload")
        for authority in ["ed25519", "rsa-3072"] {
            let options = plain.first { $0.name == authority }?.options ?? []
            try makeKey(scene, folder + "/ca-" + authority, options)
        }
        for (name, options) in plain { try signByKey(scene, folder, name, options) }
        for (name, kind) in tokens { try signByToken(scene, folder, name, kind) }
        try compare(scene, folder)
    }

    private static func compare(_ scene: Scene, _ folder: String) throws {
        let own = try output(of: [scene.programs + "/time-signatures", folder])
        for line in own.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let time = Double(words[1]) else { continue }
            let theirs = try publicTool(folder + "/" + words[0], folder + "/payload")
            report(
                "verify \(words[0]), p50, and a run of ssh-keygen",
                String(format: "%.0f us, %.1f ms", time, theirs),
                bound: ""
            )
        }
    }

    // MARK: files

    private static func makeKey(_ scene: Scene, _ path: String, _ options: [String]) throws {
        try scene.run(["ssh-keygen", "-q", "-N", "", "-C", "", "-f", path] + options)
    }

    private static func certify(_ scene: Scene, _ folder: String, _ key: String, by ca: String)
        throws
    {
        try scene.run([
            "ssh-keygen", "-q", "-s", folder + "/ca-" + ca, "-I", "id", "-n", "dana", "-V", "+1d",
            key + ".pub",
        ])
    }

    private static func signByKey(
        _ scene: Scene,
        _ folder: String,
        _ name: String,
        _ options: [String]
    ) throws {
        let key = folder + "/key-" + name
        try makeKey(scene, key, options)
        let line = try text(key + ".pub")
        try finish(scene, folder + "/" + name, line, try sign(scene, folder, key))
        // An RSA authority too, since many are that.
        let authorities = name == "rsa-3072" ? ["ed25519", "rsa-3072"] : ["ed25519"]
        for ca in authorities {
            try certify(scene, folder, key, by: ca)
            let suffix = ca == "ed25519" ? "" : "-by-" + ca
            try finish(
                scene,
                folder + "/" + name + "-cert" + suffix,
                text(folder + "/ca-\(ca).pub"),
                try sign(scene, folder, key + "-cert.pub"),
                options: "cert-authority,"
            )
        }
    }

    private static func sign(_ scene: Scene, _ folder: String, _ key: String) throws -> [UInt8] {
        let file = folder + "/payload"
        try? FileManager.default.removeItem(atPath: file + ".sig")
        try scene.run("ssh-keygen", "-Y", "sign", "-q", "-n", "jitgate-grant", "-f", key, file)
        return Array(try text(file + ".sig").utf8) + [UInt8(ascii: "\n")]
    }

    private static func signByToken(
        _ scene: Scene,
        _ folder: String,
        _ name: String,
        _ kind: SoftwareToken.Kind
    ) throws {
        let token = SoftwareToken(kind: kind)
        try finish(scene, folder + "/" + name, token.publicLine, try token.sign(payload))
        let key = folder + "/key-" + name
        try scene.write(token.publicLine + "\n", to: key + ".pub")
        try certify(scene, folder, key, by: "ed25519")
        let certificate = try text(key + "-cert.pub").split(separator: " ")
        let blob = Data(base64Encoded: String(certificate[1])).map(Array.init)
        try finish(
            scene,
            folder + "/" + name + "-cert",
            text(folder + "/ca-ed25519.pub"),
            try token.sign(payload, as: blob),
            options: "cert-authority,"
        )
    }

    /// Writes what verifies one signature: the grant's file, the bare signature, and the signers.
    private static func finish(
        _ scene: Scene,
        _ stem: String,
        _ key: String,
        _ signature: [UInt8],
        options: String = ""
    ) throws {
        let line = "dana \(options)namespaces=\"jitgate-grant\" \(key)\n"
        try scene.write(line, to: stem + ".signers")
        try scene.write(String(decoding: signature, as: UTF8.self), to: stem + ".sig")
        try scene.write(
            String(decoding: payload + signature, as: UTF8.self),
            to: stem + ".grant"
        )
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
            .trimmingCharacters(in: .newlines)
    }

    // MARK: programs

    /// The median time of a run of ssh-keygen -Y verify, in ms; it must say that the signature is good.
    private static func publicTool(_ stem: String, _ payload: String) throws -> Double {
        let words = [
            "ssh-keygen", "-Y", "verify", "-n", "jitgate-grant", "-I", "dana", "-f",
            stem + ".signers", "-s", stem + ".sig",
        ]
        var arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        let times = try (0..<rounds).map { _ in
            var usage = cbenchmark_usage()
            guard cbenchmark_run(&arguments, payload, &usage) == 0 else {
                throw Failure(description: "ssh-keygen refuses \(stem)")
            }
            return Double(usage.nanoseconds) / 1e6
        }
        return times.percentile(0.5)
    }

    private static func output(of words: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }
}
