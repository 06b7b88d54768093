/// The data that a browser added to the signature of a passkey; policy judges it.
package struct BrowserSignature: Hashable, Sendable {
    /// The page on which it was made, such as `https://approve.example.com`.
    package let origin: String
    /// True if a provider may synchronise the passkey to other devices.
    package let isSynced: Bool
}
