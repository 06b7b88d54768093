/// What a signature is good for; the namespaces of ours (`ssh-keygen -Y sign -n`).
package enum SignatureNamespace: String, Hashable, Sendable, CaseIterable {
    case grant = "jitgate-grant"
    case revocation = "jitgate-revocation"
}
