import ApprovalPage
import Crypto
import Foundation
import Signatures
import Testing

@Suite struct `A passkey's line of allowed_signers` {
    private static func wire(_ bytes: [UInt8]) -> [UInt8] {
        [0, 0, 0, UInt8(bytes.count)] + bytes
    }

    private static func key(_ application: String) -> [UInt8] {
        let point = P256.Signing.PrivateKey().publicKey.x963Representation
        return wire(Array("sk-ecdsa-sha2-nistp256@openssh.com".utf8)) + wire(Array("nistp256".utf8))
            + wire(Array(point)) + wire(Array(application.utf8))
    }

    private let key = Self.key("localhost")
    private var text: String { Data(key).base64EncodedString() }

    @Test func `is made of what a browser says, and read again`() throws {
        let line = try PasskeyLine(name: "dana", key: key, credential: "AbC-_1")
        #expect(
            line.text == "dana namespaces=\"jitgate-grant\" sk-ecdsa-sha2-nistp256@openssh.com"
                + " \(text) credential=AbC-_1"
        )
        #expect(line.application == "localhost")
        #expect(PasskeyLine.lines(of: Array("\(line.text)\n".utf8), for: .grant) == [line])
        #expect(PasskeyLine.lines(of: Array("\(line.text)\n".utf8), for: .request).isEmpty)
    }

    @Test func `is offered only if it has a credential and may sign`() {
        let type = "sk-ecdsa-sha2-nistp256@openssh.com"
        let file = """
            # dana \(type) \(text) credential=comment
            dana \(type) \(text) credential=plain
            "dana,eve" namespaces="jitgate-*",valid-after="20260101Z" \(type) \(text) laptop credential=options
            dana \(type) \(text)
            dana \(type) \(text) credential=
            dana \(type) \(text) credential=a.b
            dana namespaces="file" \(type) \(text) credential=other
            dana ecdsa-sha2-nistp256 AAAA credential=kind
            """
        let lines = PasskeyLine.lines(of: Array(file.utf8), for: .grant)
        #expect(lines.map(\.credential) == ["plain", "options"])
        #expect(lines.last?.name == "dana,eve")
        #expect(lines.map { $0.isNamed("EVE") } == [false, true])
        #expect(lines.map { $0.isNamed("dan") } == [false, false])
    }

    @Test(arguments: ["", "a b", "a,b", "a\"", "*", "!a", "#a", "a\n", "a\u{202e}b", "a\\"])
    func `has no name that means something else in that file`(name: String) {
        #expect(throws: PasskeyLine.Malformed.self) {
            try PasskeyLine(name: name, key: key, credential: "AbC")
        }
    }

    @Test func `has a key that can stand there`() {
        for bytes in [[], key.dropLast(), key + [0], Self.wire(Array("ssh-ed25519".utf8))] {
            #expect(throws: PasskeyLine.Malformed.self) {
                try PasskeyLine(name: "dana", key: Array(bytes), credential: "AbC")
            }
        }
        for id in ["", "a b", "a=", "a/b", String(repeating: "a", count: 1400)] {
            #expect(throws: PasskeyLine.Malformed.self) {
                try PasskeyLine(name: "dana", key: key, credential: id)
            }
        }
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"answer_token": "t"}"#, #"{"answer_token": "u", "cancelled": true}"#,
        #"{"answer_token": "t", "cancelled": false}"#, #"{"cancelled": true}"#,
        #"{"answer_token": "t", "cancelled": true, "signature": "x"}"#,
        #"{"answer_token": "t", "signature": 1}"#,
        #"{"answer_token": "t", "signature": "a", "signature": "b"}"#,
        #"{"answer_token": "t", "key": "A", "credential": "a", "synced": true}"#,
        #"{"answer_token": "t", "key": "AAAA", "credential": "a", "synced": 1}"#,
    ])
    func `does not come of an answer in another form`(text: String) {
        #expect(PageAnswer(parsing: Array(text.utf8), token: "t") == nil)
    }

    @Test func `comes of an answer by the one who has the task`() {
        let cancelled = #"{"answer_token": "t", "cancelled": true}"#
        #expect(PageAnswer(parsing: Array(cancelled.utf8), token: "t") == .cancelled)
        let made = #"{"answer_token": "t", "key": "AAAA", "credential": "a", "synced": true}"#
        #expect(
            PageAnswer(parsing: Array(made.utf8), token: "t")
                == .passkey(key: [0, 0, 0], credential: "a", isSynced: true)
        )
    }
}
