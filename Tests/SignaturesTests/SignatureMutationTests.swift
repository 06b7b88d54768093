import Grants
import Signatures
import TestSupport
import Testing

/// A signed file of one kind of key, and who may sign it.
private struct Sample {
    let file: [UInt8]
    let signature: [UInt8]
    let verifier: SignatureVerifier

    static let kinds = [
        "ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa-2048", "sk-ed25519", "sk-ecdsa",
    ]

    init(_ kind: String) throws {
        let line: String
        switch kind {
        case "sk-ed25519", "sk-ecdsa":
            let token = SoftwareToken(kind == "sk-ecdsa" ? .ecdsa : .ed25519)
            (line, signature) = (token.publicLine, try token.sign(payload))
        default:
            let parts = kind.split(separator: "-").map(String.init)
            let key = try SSHKey(type: parts[0], bits: parts.count > 1 ? Int(parts[1]) : nil)
            (line, signature) = (try key.publicLine, try key.sign(payload))
        }
        verifier = try SignaturesTests.verifier("dana \(line)")
        file = payload + signature
        #expect(verdict(on: file, by: verifier) == "accepted")
    }
}

@Suite struct `A signed grant` {
    @Test(arguments: Sample.kinds)
    fileprivate func `does not survive a flip of any bit`(kind: String) throws {
        let sample = try Sample(kind)
        let survivors = sample.file.indices.filter { index in
            (0..<8).contains { bit in
                var mutant = sample.file
                mutant[index] ^= 1 << bit
                return refusal(of: mutant, by: sample.verifier) == nil
            }
        }
        #expect(survivors.isEmpty)
    }

    /// Beneath the armor too, where a flip is still well-formed base64.
    @Test(arguments: Sample.kinds)
    fileprivate func `does not survive a flip of any bit of its signature`(kind: String) throws {
        let sample = try Sample(kind)
        let content = SSHSIG.content(of: sample.signature)
        let survivors = content.indices.filter { index in
            (0..<8).contains { bit in
                var mutant = content
                mutant[index] ^= 1 << bit
                return refusal(of: payload + SSHSIG.armor(mutant), by: sample.verifier) == nil
            }
        }
        #expect(survivors.isEmpty)
    }

    @Test(arguments: Sample.kinds)
    fileprivate func `does not survive the loss of its end`(kind: String) throws {
        let sample = try Sample(kind)
        let survivors = sample.file.indices.filter {
            refusal(of: Array(sample.file[..<$0]), by: sample.verifier) == nil
        }
        #expect(survivors.isEmpty)
        #expect(refusal(of: sample.file + [0x0A], by: sample.verifier) != nil)
        #expect(refusal(of: [0x0A] + sample.file, by: sample.verifier) != nil)
    }

    /// Cut, doubled, moved and overwritten: what is accepted is what was signed, folded otherwise.
    @Test(arguments: 0..<UInt64(24))
    fileprivate func `in pieces is refused and crashes nothing`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = try Sample(Sample.kinds[Int(seed) % Sample.kinds.count])
        let original = try SignedFile(splitting: sample.file)
        for _ in 0..<200 {
            let mutant = Mutation.random(of: sample.file, using: &random)
            guard let signed = try? sample.verifier.verify(mutant, at: now) else { continue }
            #expect(signed.bytes == payload)
            let signatures = try SignedFile(splitting: mutant).signatures
            #expect(signatures.allSatisfy(original.signatures.contains))
        }
    }

    @Test(arguments: 0..<UInt64(24))
    fileprivate func `with a mutant signature is refused and crashes nothing`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = try Sample(Sample.kinds[Int(seed) % Sample.kinds.count])
        let content = SSHSIG.content(of: sample.signature)
        for _ in 0..<200 {
            let mutant = Mutation.random(of: content, using: &random)
            guard mutant != content, !mutant.isEmpty else { continue }
            #expect(refusal(of: payload + SSHSIG.armor(mutant), by: sample.verifier) != nil)
        }
    }
}

/// Something done to bytes that parsers find hard.
enum Mutation {
    static func random(of bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var mutant = bytes
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            apply(Int.random(in: 0..<5, using: &random), to: &mutant, using: &random)
        }
        return mutant
    }

    private static func apply(
        _ kind: Int,
        to bytes: inout [UInt8],
        using random: inout SeededGenerator
    ) {
        let start = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0...40, using: &random))
        let piece = Array(bytes[start..<end])
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch kind {
        case 0: bytes.removeSubrange(start..<end)
        case 1: bytes.insert(contentsOf: piece, at: place)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
        case 3 where start < bytes.count: bytes[start] = UInt8.random(in: 0...255, using: &random)
        default: bytes.replaceSubrange(start..<end, with: piece.map { _ in 0xFF })
        }
    }
}
