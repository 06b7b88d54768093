import Grants
import Signatures
import TestSupport
import Testing

@testable import Admission

/// A grant by several signers, of whom bulletins revoked some keys.
@Suite struct `A signature by a key that a bulletin revoked` {
    private let now = Moment(microseconds: 1_800_000_000_000_000)
    private let ops: SSHKey
    private let lead: SSHKey
    private let certified: CertifiedSSHKey

    init() throws {
        (ops, lead) = (try SSHKey(), try SSHKey())
        certified = try CertifiedSSHKey(options: ["-I", "id", "-n", "carol"])
    }

    private func fingerprint(_ key: SSHKey) throws -> String {
        let text = try Command.run(["ssh-keygen", "-l", "-f", key.privateFile]).text
        return String(text.split(separator: " ")[1])
    }

    private func judge(
        _ sign: ([UInt8]) throws -> [UInt8],
        barring keys: [String],
        approvals: Int = 1,
        isSeparate: Bool = false
    ) throws -> Judgement {
        let grant = Grant(
            id: GrantID(value: 1),
            hosts: [.name("*")],
            requestor: "lead",
            justification: "x",
            sources: [try Prefix(parsing: "203.0.113.7/32")],
            ports: [try Port(parsing: "22/tcp")],
            notBefore: nil,
            expires: now + .seconds(600),
            duration: nil
        )
        let payload = grant.payload()
        let signers = """
            ops \(try ops.publicLine)
            lead namespaces="jitgate-*" \(try lead.publicLine)
            \(try certified.line("*", "cert-authority"))

            """
        let verifier = SignatureVerifier(
            allowedSigners: try AllowedSigners(parsing: Array(signers.utf8))
        )
        let signed = try verifier.verify(payload + sign(payload), at: now)
        let policy = Policy.enforcing(.hourly(approvals: approvals, separateRequestor: isSeparate))
        var admission = Admission(policy: policy, host: HostIdentity(hostname: "h", machineID: ""))
        admission.barredKeys = BarredKeys(keys)
        return admission.judge(grant, signedBy: signed, history: .unseen, at: now)
    }

    @Test func `is as if it were not there`() throws {
        let (first, second) = (try fingerprint(ops), try fingerprint(lead))
        let both = { payload in try ops.sign(payload) + lead.sign(payload) }
        #expect(try judge(both, barring: []).refusals.isEmpty)
        let one = try judge(both, barring: [first])
        #expect(one.refusals.isEmpty)
        #expect(one.roles == [.isDiscounted(.revokedKey(first)), .approves])
        for (keys, approvals) in [([first, second], 1), ([first], 2)] {
            let judgement = try judge(both, barring: keys, approvals: approvals)
            #expect(judgement.refusals.first?.rule == "key-revoked")
            #expect(judgement.refusals.first?.reason.contains(first) == true)
        }
    }

    @Test func `asks for nothing`() throws {
        let sign = { payload in
            try ops.sign(payload) + lead.sign(payload, namespace: "jitgate-request")
        }
        #expect(try judge(sign, barring: [], isSeparate: true).refusals.isEmpty)
        let judgement = try judge(sign, barring: [try fingerprint(lead)], isSeparate: true)
        #expect(judgement.refusals.first?.rule == "key-revoked")
    }

    @Test func `may be one by a certificate, of that key or by that CA`() throws {
        let sign = { payload in try certified.sign(payload) }
        #expect(try judge(sign, barring: []).refusals.isEmpty)
        for key in [certified.key, certified.authority] {
            let judgement = try judge(sign, barring: [try fingerprint(key)])
            #expect(judgement.refusals.first?.rule == "key-revoked")
        }
    }
}
