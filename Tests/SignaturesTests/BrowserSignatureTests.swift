import Admission
import Foundation
import Signatures
import TestSupport
import Testing

/// A file that a browser or ssh-keygen made, under Tests/Vectors/passkeys/browsers.
private struct Sample: CustomStringConvertible {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Vectors/passkeys/browsers")

    let description: String
    let expected: String
    let origin: String?

    static let all: [Sample] = {
        let table = try? String(contentsOf: folder.appending(path: "expected.tsv"), encoding: .utf8)
        return (table ?? "").split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            return Sample(
                description: String(cells[0]),
                expected: String(cells[1]),
                origin: cells[2].isEmpty ? nil : String(cells[2])
            )
        }
    }()

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: name)))
    }
}

@Suite struct `A signature that a browser made` {
    private let rules = PasskeyRules(
        origins: ["http://localhost:8931", "http://approve.corp.localhost:8931"]
    )

    @Test func `is there in sixteen kinds`() { #expect(Sample.all.count == 16) }

    @Test(arguments: Sample.all)
    private func `is judged by what browser and passkey say, and known to ssh-keygen`(
        sample: Sample
    ) throws {
        let message = try Sample.bytes("payload.json")
        let armor = try Sample.bytes("\(sample).sig")
        let lines = String(decoding: try Sample.bytes("allowed_signers"), as: UTF8.self)
        let verifier = try verifier(lines)
        #expect(
            try PublicTool.accepts(armor, over: message, allowedSigners: lines, identity: "dana")
        )
        let error = refusal(of: message + armor, by: verifier)
        guard error == nil else { return #expect(error?.code.rawValue == sample.expected) }
        let approval = try #require(
            try verifier.verify(message + armor, at: now).approvals.first
        )
        let objection =
            switch rules.objection(to: approval) {
            case .origin: "origin"
            case .synced: "synced"
            case .revokedKey: "key"
            case nil: "accepted"
            }
        #expect(objection == sample.expected)
        #expect(approval.browser?.origin == sample.origin)
        #expect(approval.principal == "dana")
        if sample.description == "passkey-certificate" {
            #expect(approval.kind == .webauthn)
            #expect(approval.certificate?.keyID == "passkey of dana")
        }
        if sample.description == "user-certificate" { #expect(approval.kind == .certificate) }
    }

    @Test func `tells what is wrong and what to do`() throws {
        let message = try Sample.bytes("payload.json")
        let lines = String(decoding: try Sample.bytes("allowed_signers"), as: UTF8.self)
        let verifier = try verifier(lines)
        for (name, text) in [
            ("framed", "open the page by itself and sign"), ("no-presence", "was not touched"),
            ("not-verified", "userVerification: \"required\""),
            ("extension", "must not ask for extensions"),
            ("second-challenge", "the member `challenge` is there twice"),
            ("critical-option", "\"source-address\", which no grant can meet"),
        ] {
            let error = refusal(of: message + (try Sample.bytes("\(name).sig")), by: verifier)
            #expect(error?.description.contains(text) == true, "\(name): \(error as Any)")
            #expect(error?.description.hasPrefix("signature 1 by SHA256:") == true)
        }
    }
}
